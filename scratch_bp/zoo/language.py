"""Networks of sequences: a transformer's encoder layer, a GPT block, an LSTM language model, word2vec."""

from scratch_bp.network import Network
from scratch_bp.zoo.program import Program


def transformer_encoder_layer() -> Network:
    """Vaswani et al. (2017): attention among the tokens and a map token by token, each with its norm after it."""
    tokens, batch, width = 3, 2, 4
    p = Program()
    x = p.input("x", tokens, batch, width)
    parameters = (
        p.weight("in_proj_weight", 3 * width, width),
        p.weight("in_proj_bias", 3 * width),
        p.weight("out_proj_weight", width, width),
        p.weight("out_proj_bias", width),
    )
    attended = p("multi_head_attention", x, x, x, *parameters, num_heads=2)
    a = p.norm("layer_norm", p("add", x, attended), "norm1", width)
    fed = p.dense(p("relu", p.dense(a, "linear1", width, 6)), "linear2", 6, width)
    y = p.norm("layer_norm", p("add", a, fed), "norm2", width)
    return p.network(p("mse", y, p.target(tokens, batch, width)))


def gpt_block() -> Network:
    """Radford et al. (2019): a block with its norms first and causal attention, between an embedding of tokens and the
    same matrix turned around, which gives the logits."""
    batch, tokens, heads, width, words = 2, 4, 2, 4, 6
    p = Program()
    table = p.weight("token_embedding", words, width)
    h = p("embedding", p.indices("tokens", batch, tokens, below=words), table)
    h = p("add", h, p.weight("position_embedding", tokens, width))
    qkv = p(
        "split", p.dense(p.norm("layer_norm", h, "norm1", width), "qkv", width, 3 * width), split_size=width, dim=-1
    )
    split_heads = {"shape": (batch, tokens, heads, width // heads)}
    q, k, v = (p("transpose", p("reshape", f"{qkv}.{i}", **split_heads), dim0=1, dim1=2) for i in range(3))
    seen = p("transpose", p("scaled_dot_product_attention", q, k, v, is_causal=True), dim0=1, dim1=2)
    h = p("add", h, p.dense(p("reshape", seen, shape=(batch, tokens, width)), "projection", width, width))
    wide = p("gelu", p.dense(p.norm("layer_norm", h, "norm2", width), "wide", width, 8), approximate="tanh")
    h = p.norm("layer_norm", p("add", h, p.dense(wide, "narrow", 8, width)), "norm3", width)
    logits = p("reshape", p("matmul", h, p("transpose", table, dim0=0, dim1=1)), shape=(batch * tokens, words))
    return p.network(p("cross_entropy", logits, p.indices("target", batch * tokens, below=words)))


def lstm_language_model() -> Network:
    """A step of Zaremba, Sutskever and Vinyals (2014): two layers of LSTM over the words, and the word after each."""
    steps, batch, width, hidden, words, gates = 3, 2, 3, 2, 5, 4
    p = Program()
    x = p("embedding", p.indices("words", steps, batch, below=words), p.weight("embedding", words, width))
    states = [p.weight(name, 2, batch, hidden) for name in ("h0", "c0")]
    weights = [
        p.weight(f"{name}_l{layer}", *shape)
        for layer, n_in in enumerate((width, hidden))
        for name, shape in (
            ("w_ih", (gates * hidden, n_in)),
            ("w_hh", (gates * hidden, hidden)),
            ("b_ih", (gates * hidden,)),
            ("b_hh", (gates * hidden,)),
        )
    ]
    h = p("lstm", x, *states, *weights, num_layers=2)
    logits = p("reshape", p.dense(f"{h}.0", "out", hidden, words), shape=(steps * batch, words))
    return p.network(p("cross_entropy", logits, p.indices("target", steps * batch, below=words)))


def word2vec() -> Network:
    """Skip-grams with negative sampling (Mikolov et al., 2013): a word's neighbour is to be told from random words.

    The mean of log s(u v) over the pairs, and of log s(-u n) = log s(u n) - u n over the negatives, is to be large.
    """
    pairs, negatives, words, width = 4, 3, 6, 3
    p = Program()
    inner, outer = p.weight("inner", words, width), p.weight("outer", words, width)
    u = p("embedding", p.indices("centre", pairs, below=words), inner)
    v = p("embedding", p.indices("context", pairs, below=words), outer)
    n = p("embedding", p.indices("negative", pairs, negatives, below=words), outer)
    near = p("mean", p("log_sigmoid", p("sum", p("multiply", u, v), dim=-1)), dim=0)
    far = p("squeeze", p("matmul", n, p("reshape", u, shape=(pairs, width, 1))), dim=-1)
    told = p("mean", p("subtract", p("log_sigmoid", far), far), dim=None)
    return p.network(p("add", near, told))
