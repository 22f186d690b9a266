"""Networks of images: LeNet-5, a VGG block, ResNet's two blocks, a level of a U-Net."""

from scratch_bp.network import Network
from scratch_bp.zoo.program import Program


def lenet5() -> Network:
    """LeCun, Bottou, Bengio and Haffner (1998): two convolutions with averaging in between, then three dense layers."""
    p = Program()
    h = p.input("x", 2, 1, 12, 12)
    for name, n_in, n_out, kernel, padding in (("conv1", 1, 3, 5, 2), ("conv2", 3, 4, 3, 0)):
        h = p("tanh", p.conv(h, name, n_in, n_out, kernel, padding=padding))
        h = p("avg_pool2d", h, kernel_size=2)
    h = p("flatten", h, start_dim=1)
    h = p("tanh", p.dense(h, "dense1", 16, 8))
    h = p("tanh", p.dense(h, "dense2", 8, 6))
    return p.network(p("cross_entropy", p.dense(h, "dense3", 6, 4), p.indices("target", 2, below=4)))


def vgg_block() -> Network:
    """Simonyan and Zisserman (2015): two convolutions of 3 x 3, then the largest of each 2 x 2, and a classifier."""
    p = Program()
    h = p.input("x", 2, 2, 6, 6)
    for name, n_in in (("conv1", 2), ("conv2", 4)):
        h = p("relu", p.conv(h, name, n_in, 4, 3, padding=1))
    h = p("flatten", p("max_pool2d", h, kernel_size=2), start_dim=1)
    return p.network(p("cross_entropy", p.dense(h, "dense", 36, 3), p.indices("target", 2, below=3)))


def resnet_basic_block() -> Network:
    """He, Zhang, Ren and Sun (2016): two convolutions of 3 x 3 beside the way straight on, then a global average."""
    p = Program()
    x = p.input("x", 3, 3, 5, 5)
    h = p.conv(x, "conv1", 3, 3, 3, padding=1, bias=False)
    h = p("relu", p.norm("batch_norm", h, "norm1", 3))
    h = p.conv(h, "conv2", 3, 3, 3, padding=1, bias=False)
    h = p("relu", p("add", p.norm("batch_norm", h, "norm2", 3), x))
    return p.network(_classified(p, h, 3))


def resnet_bottleneck() -> Network:
    """The same with a narrow middle and stride 2, where the way straight on needs a projection."""
    p = Program()
    x = p.input("x", 3, 4, 5, 5)
    h = p.conv(x, "reduce", 4, 2, 1, bias=False)
    h = p("relu", p.norm("batch_norm", h, "norm1", 2))
    h = p.conv(h, "conv", 2, 2, 3, stride=2, padding=1, bias=False)
    h = p("relu", p.norm("batch_norm", h, "norm2", 2))
    h = p.norm("batch_norm", p.conv(h, "expand", 2, 6, 1, bias=False), "norm3", 6)
    shortcut = p.norm("batch_norm", p.conv(x, "project", 4, 6, 1, stride=2, bias=False), "norm4", 6)
    return p.network(_classified(p, p("relu", p("add", h, shortcut)), 6))


def unet_level() -> Network:
    """Ronneberger, Fischer and Brox (2015): down, up again, and joined with what was there before; a loss per pixel."""
    p = Program()
    skip = p("relu", p.conv(p.input("x", 1, 1, 6, 6), "down", 1, 2, 3, padding=1))
    h = p("relu", p.conv(p("max_pool2d", skip, kernel_size=2), "bottom", 2, 3, 3, padding=1))
    h = p("conv_transpose2d", h, p.weight("up_w", 3, 2, 2, 2), p.weight("up_b", 2), stride=2)
    h = p("relu", p.conv(p("concat", h, skip, dim=1), "joined", 4, 2, 3, padding=1))
    return p.network(p("bce_with_logits", p.conv(h, "out", 2, 1, 1), p.target(1, 1, 6, 6)))


def _classified(p: Program, h: str, channels: int) -> str:
    """A global average of each channel, and a classifier on it."""
    pooled = p("flatten", p("global_avg_pool", h), start_dim=1)
    return p("cross_entropy", p.dense(pooled, "dense", channels, 4), p.indices("target", 3, below=4))
