"""A layer of an MLP-Mixer, and a variational autoencoder."""

from scratch_bp.network import Network
from scratch_bp.zoo.program import Program


def mlp_mixer_layer() -> Network:
    """Tolstikhin et al. (2021): a perceptron across the patches, then one across the channels, each beside the way
    straight on."""
    batch, patches, channels = 2, 4, 3
    p = Program()
    x = p.input("x", batch, patches, channels)
    across = p("transpose", p.norm("layer_norm", x, "norm1", channels), dim0=1, dim1=2)
    across = p.dense(p("gelu", p.dense(across, "tokens1", patches, 5)), "tokens2", 5, patches)
    h = p("add", x, p("transpose", across, dim0=1, dim1=2))
    along = p("gelu", p.dense(p.norm("layer_norm", h, "norm2", channels), "channels1", channels, 5))
    h = p("add", h, p.dense(along, "channels2", 5, channels))
    pooled = p("mean", p.norm("layer_norm", h, "norm3", channels), dim=1)
    return p.network(p("cross_entropy", p.dense(pooled, "head", channels, 4), p.indices("target", batch, below=4)))


def variational_autoencoder() -> Network:
    """Kingma and Welling (2014): z = mu + exp(s) noise, s the logarithm of the deviation. The loss is twice the usual
    one but for a constant: twice the reconstruction's, and the sum of exp(2 s) + mu^2 - 2 s."""
    rows, width, hidden, latent = 3, 5, 4, 2
    p = Program()
    x = p.input("x", rows, width)
    h = p("relu", p.dense(x, "encoder", width, hidden))
    mu, s = p.dense(h, "mean", hidden, latent), p.dense(h, "deviation", hidden, latent)
    z = p("add", mu, p("multiply", p("exp", s), p.input("noise", rows, latent)))
    h = p("relu", p.dense(z, "decoder", latent, hidden))
    lost = p("bce_with_logits", p.dense(h, "out", hidden, width), p.target(rows, width), reduction="sum")
    twice = p("add", s, s)
    spread = p("subtract", p("add", p("exp", twice), p("square", mu)), twice)
    return p.network(p("add", p("add", lost, lost), p("sum", spread, dim=None)))
