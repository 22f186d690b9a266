"""Prepared modifications: what somebody may do to a rule, and what is to be said of it.

Each is a few lines that are put behind the table of rules in a copy of `scratch_bp`, one rule each, so that one
comparison judges them all.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAD = """
import builtins
import numpy as np
from scratch_bp.elementary import like, sum_to
RULES = dict(RULES)
def _original(name):
    return RULES[name].forward, RULES[name].backward
"""


@dataclass(frozen=True, slots=True)
class Modification:
    """`category` None for what must not be mentioned. `words` are in the sentence. `old` changes the old side."""

    name: str
    rule: str
    category: str | None
    fails: bool
    words: tuple[str, ...]
    source: str
    old: str = ""


def changed(rule: str, forward: str = "return old(*arrays, **config)", backward: str = "return pull(saved, dy)") -> str:
    """The rule with another forward or backward: function bodies that may call `old` and `pull`, the ones before."""
    parts = [f"def _{rule}(old, pull):"]
    parts += ["    def forward(*arrays, **config):", *(f"        {line}" for line in forward.splitlines())]
    parts += ["    def backward(saved, dy):", *(f"        {line}" for line in backward.splitlines())]
    parts += ["    import functools", "    return Rule(functools.wraps(old)(forward), backward)"]
    return "\n".join([*parts, f"RULES[{rule!r}] = _{rule}(*_original({rule!r}))", ""])


ROW_BY_ROW = """
def _rows(x, weight=None, *, normalized_shape=None, eps=1e-5):
    length = x.shape[-1] if normalized_shape is None else int(np.prod(normalized_shape))
    gain, out = 1 if weight is None else weight.reshape(-1), []
    for row in x.reshape(-1, length):
        out.append(row / np.sqrt((row * row).mean() + like(x, eps)) * gain)
    y = np.array(out, x.dtype).reshape(x.shape)
    return y, (x, weight, normalized_shape, eps)
def _rows_back(saved, dy):
    x, weight, shape, eps = saved
    _, own = RMS.forward(x, weight, normalized_shape=shape, eps=eps)
    for _ in range(12):
        grads = RMS.backward(own, dy)
    return grads
RMS = RULES["rms_norm"]
import functools
RULES["rms_norm"] = Rule(functools.wraps(RMS.forward)(_rows), _rows_back)
"""

REVERSED_SUM = """
dx, dw, *rest = pull(saved, dy)
x = saved[0]
rows, cots = x.reshape(-1, x.shape[-1]), dy.reshape(-1, dy.shape[-1])
total = rows[-1][:, None] * cots[-1]
for row, cot in zip(rows[-2::-1], cots[-2::-1]):
    total = total + row[:, None] * cot
return (dx, np.asarray(total).astype(dw.dtype), *rest)
""".strip()
HALF_ALPHA = """
_elu = RULES["elu"]
def _other(x, *, alpha=0.5):
    return _elu.forward(x, alpha=alpha)
_other.__annotations__ = _elu.forward.__annotations__
RULES["elu"] = Rule(_other, _elu.backward)
"""
NAIVE_SOFTMAX = """
def _naive(x, *, dim=-1):
    e = np.exp(x)
    p = e / e.sum(dim, keepdims=True)
    return np.log(p), (p, dim)
def _naive_back(saved, dy):
    p, dim = saved
    return (dy - p * dy.sum(dim, keepdims=True),)
_naive.__annotations__ = RULES["log_softmax"].forward.__annotations__
RULES["log_softmax"] = Rule(_naive, _naive_back)
"""
NO_OPTION = """
_l2 = RULES["l2_penalty"]
def _fixed(*arrays):
    return _l2.forward(*arrays)
RULES["l2_penalty"] = Rule(_fixed, _l2.backward)
"""
GRAD = "(grad,) = pull(saved, dy)\n"


def backward(rule: str, *lines: str) -> str:
    return changed(rule, backward=GRAD + "\n".join(lines))


MODIFICATIONS = (
    Modification(
        "a pure refactoring of a backward", "tanh", None, False, (),
        backward("tanh", "kept = [grad]", "return tuple(kept)"),
    ),
    Modification(
        "a pure refactoring of a forward", "abs", None, False, (),
        changed("abs", forward="pair = old(*arrays, **config)\nvalue, saved = pair[0], pair[1]\nreturn value, saved"),
    ),
    Modification(
        "a sum in another order", "dense", "rounding", False, ("dense.dw", "last places"),
        changed("dense", backward=REVERSED_SUM),
    ),
    Modification("a fused version that is faster", "rms_norm", "faster", False, ("rms_norm", "faster"), "", ROW_BY_ROW),
    Modification(
        "a float32 intermediate", "sigmoid", "digits", True, ("sigmoid.dx", "digits", "float64"),
        backward("sigmoid", "return (grad.astype(np.float32).astype(dy.dtype),)"),
    ),
    Modification(
        "a wrong term of 1e-7", "softplus", "disagreement", True, ("softplus.dx disagrees", "did not before"),
        backward("softplus", "return (grad + like(grad, 1e-7) * dy,)"),
    ),
    Modification(
        "a slower loop", "square", "slower", False, ("square backward", "slower"),
        changed("square", backward="for _ in range(15):\n    grads = pull(saved, dy)\nreturn grads"),
    ),
    Modification(
        "a deleted rule", "hardtanh", "removed", True, ("hardtanh is gone", "coverage lost"),
        'del RULES["hardtanh"]',
    ),
    Modification(
        "a changed default", "elu", "default", True, ("the default of alpha went from 1.0 to 0.5",), HALF_ALPHA
    ),
    Modification(
        "a new rule", "cube", "new", False, ("cube is new",),
        'RULES["cube"] = Rule(RULES["square"].forward, RULES["square"].backward)',
    ),
    Modification(
        "a mutation of what is given", "silu", "promise", True, ("silu", "backward writes into dy"),
        changed("silu", backward="grads = tuple(np.array(g) for g in pull(saved, dy))\ndy *= 0\nreturn grads"),
    ),
    Modification(
        "a write into x", "exp", "promise", True, ("exp", "forward writes into x, which it did not before"),
        changed(
            "exp",
            "value, saved = old(*arrays, **config)\nvalue = np.array(value)\narrays[0][...] = 1\nreturn value, saved",
        ),
    ),
    Modification(
        "a refusal of bfloat16", "mish", "error", True, ("mish no longer runs in", "no bfloat16"),
        changed(
            "mish",
            "if arrays[0].dtype.name == 'bfloat16':\n    raise ValueError('no bfloat16')\n"
            "return old(*arrays, **config)",
        ),
    ),
    Modification(
        "a float32 in forward", "hardswish", "digits", True, ("the value of hardswish", "digits", "float64"),
        changed(
            "hardswish",
            "value, saved = old(*arrays, **config)\n"
            "return (value.astype(np.float32).astype(value.dtype) if value.dtype == np.float64 else value), saved",
        ),
    ),
    Modification(
        "a change that only float16 shows", "gelu", "digits", True, ("gelu.dx", " left in float16 ("),
        backward("gelu", "return (grad * np.float16(1.25) if dy.dtype == np.float16 else grad,)"),
    ),
    Modification(
        "another convention at a kink", "relu", "convention", True,
        ("relu.dx", "another slope at kinks", "was 0 and is"),
        changed("relu", backward="x = saved\nreturn (np.where(x >= 0, dy, like(dy, 0)),)"),
    ),
    Modification(
        "another function and its own right gradient", "softsign", "function", True,
        ("softsign computes another function", "follow"),
        changed(
            "softsign", "value, saved = old(*arrays, **config)\nreturn value * like(value, 1.5), saved",
            GRAD + "return (grad * like(grad, 1.5),)",
        ),
    ),
    Modification(
        "a backward that fails for some inputs", "leaky_relu", "error", True, ("leaky_relu", "three axes"),
        backward("leaky_relu", "if dy.ndim == 3:", "    raise ValueError('three axes')", "return (grad,)"),
    ),
    Modification(
        "a wrong backward that is mended", "relu6", "mended", False, ("relu6.dx agrees and did not before",), "",
        backward("relu6", "return (grad * like(grad, 2),)"),
    ),
    Modification(
        "an overflow where there was none", "log_softmax", "disagreement", True, ("log_softmax", "logarithm of 0"),
        NAIVE_SOFTMAX,
    ),
    Modification(
        "an option that is gone", "l2_penalty", "removed", True, ("l2_penalty no longer takes weight_decay",), NO_OPTION
    ),
)  # fmt: skip
# the same arithmetic in other words: no call more and none less, so that their times are the same as well
PURE = (
    Modification("names", "tanh", None, False, (), """
def _tanh(x):
    out = np.tanh(x)
    return out, out
def _tanh_back(out, upstream):
    return (upstream * (1 - out * out),)
_tanh.__annotations__ = RULES["tanh"].forward.__annotations__
RULES["tanh"] = Rule(_tanh, _tanh_back)
"""),
    Modification("steps", "square", None, False, (), """
def _square(x):
    y = x * x
    return y, x
def _square_back(x, dy):
    slope = 2 * x
    return (slope * dy,)
_square.__annotations__ = RULES["square"].forward.__annotations__
RULES["square"] = Rule(_square, _square_back)
"""),
    Modification("a helper's name", "softsign", None, False, (), """
def _softsign(x):
    bottom = 1 + builtins.abs(x)
    return x / bottom, bottom
def _softsign_back(bottom, dy):
    once = dy / bottom
    return (once / bottom,)
_softsign.__annotations__ = RULES["softsign"].forward.__annotations__
RULES["softsign"] = Rule(_softsign, _softsign_back)
"""),
    Modification("nothing at all", "layer_norm", None, False, (), ""),
    Modification("nothing at all", "sum", None, False, (), ""),
    Modification("nothing at all", "dense", None, False, (), ""),
    Modification("nothing at all", "softmax", None, False, (), ""),
)  # fmt: skip


def tree(place: Path, *modifications: Modification, old: bool = False) -> Path:
    """A copy of `scratch_bp` with these modifications."""
    place.mkdir(exist_ok=True)
    shutil.copytree(ROOT / "scratch_bp", place / "scratch_bp", ignore=shutil.ignore_patterns("__pycache__"))
    sources = [each.old if old else each.source for each in modifications]
    with open(place / "scratch_bp" / "rules" / "__init__.py", "a", encoding="utf-8") as file:
        file.write("\n".join([HEAD, *sources]))
    return place
