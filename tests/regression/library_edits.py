"""Forty and more modifications of the small library, one by one, and what is to be said of each."""

from dataclasses import dataclass

from backcheck import errors
from tests.regression.small_library import FILES

AFFINE, SOFTMAX, SWISH = "layers/affine.py", "layers/softmax.py", "layers/swish.py"
ROW_NORM, LEAKY, HUBER = "layers/row_norm.py", "layers/leaky.py", "layers/huber.py"
RULES = "rules.py"
GREEN, RED, UNKNOWN = errors.AGREE, errors.DISAGREE, errors.COULD_NOT


@dataclass(frozen=True, slots=True)
class Edit:
    """One modification. `category` is None for what must not be mentioned; `words` stand in the sentence, and `code` is
    the exit code. `before` are edits of the old side; `also` are categories that may be said besides."""

    name: str
    rule: str
    category: str | None
    code: int
    words: tuple[str, ...]
    edits: tuple[tuple[str, str, str], ...]
    before: tuple[tuple[str, str, str], ...] = ()
    also: tuple[str, ...] = ()


def _whole(file, text):
    return (file, FILES[file], text)


SLOPE = "slope = s + beta * x * s * (1 - s)"
LEAKY_BACK = "dx = np.where(x > 0, dy, slope * dy)"
EDITS = (
    # ---- nothing is to be said
    Edit("other names", "affine", None, GREEN, (), (
        (AFFINE, "    dx = dy @ w.T\n    dw = x.T @ dy\n", "    to_x = dy @ w.T\n    dx, dw = to_x, x.T @ dy\n"),
    )),
    Edit("a helper's body in its place", "swish", None, GREEN, (), (
        (SWISH, "s = logistic(beta * x)", "s = 1 / (1 + np.exp(-(beta * x)))"),
        (SWISH, "from ..helpers import logistic", "import numpy as np"),
    )),
    Edit("one step in two", "softmax", None, GREEN, (), (
        (SOFTMAX, "inner = (dy * p).sum(axis, keepdims=True)", "a = dy * p\n    inner = a.sum(axis, keepdims=True)"),
    )),
    Edit("steps in a function of their own", "row_norm", None, GREEN, (), (
        (ROW_NORM, "centred = x - x.mean(-1, keepdims=True)", "centred = _centred(x)"),
        (ROW_NORM, "def forward(", "def _centred(x):\n    return x - x.mean(-1, keepdims=True)\n\n\ndef forward("),
    )),
    Edit("a table in another order", "huber", None, GREEN, (), (
        (RULES, '    "huber": (huber.forward, huber.backward),\n', ""),
        (RULES, "RULES = {\n", 'RULES = {\n    "huber": (huber.forward, huber.backward),\n'),
    )),
    Edit("the smaller of two branches by another name", "huber", None, GREEN, (), (
        (HUBER, "small = abs(d) <= delta", "small = ~(abs(d) > delta)"),
    ), also=("not finite",)),
    Edit("an option by position too", "swish", None, GREEN, (), ((SWISH, "x, *, beta=1.0", "x, beta=1.0"),)),
    Edit("an option by keyword only", "leaky", None, GREEN, (), ((LEAKY, "x, slope=0.1", "x, *, slope=0.1"),)),
    # ---- notices
    Edit("a product in another order", "softmax", "rounding", GREEN, ("softmax.dx moved in the last places only",), (
        (SOFTMAX, "return (p * (dy - inner),)", "return (p * dy - p * inner,)"),
    )),
    Edit("a factor taken out", "swish", "rounding", GREEN, ("swish.dx moved in the last places only",), (
        (SWISH, SLOPE, "slope = s * (1 + beta * x * (1 - s))"),
    )),
    Edit("a division in place of a product", "row_norm", "rounding", GREEN, ("row_norm", "last places only"), (
        (ROW_NORM, "hat = centred * inv", "hat = centred / np.sqrt(var + eps)"),
    )),
    Edit("a transposed product", "affine", "memory order", GREEN, ("affine.dw lies otherwise in memory", "strides"), (
        (AFFINE, "dw = x.T @ dy", "dw = (dy.T @ x).T"),
    ), also=("rounding",)),
    Edit("a result in Fortran's order", "swish", "memory order", GREEN, ("the value of swish lies otherwise",), (
        (SWISH, "y = x * s\n", 'y = np.array(x * s, order="F")\n'),
        (SWISH, "from ..helpers import logistic", "import numpy as np\n\nfrom ..helpers import logistic"),
    )),
    Edit("a new rule", "cube", "new", GREEN, ("cube is new",), (
        (RULES, "RULES = {\n", 'RULES = {\n    "cube": (lambda x: (x**3, x), lambda x, dy: (3 * x * x * dy,)),\n'),
    )),
    Edit("a wrong backward, mended", "huber", "mended", GREEN, ("huber.dtarget, .dx agree and did not before",), (), (
        (HUBER, "return dx, -dx", "return 2 * dx, -2 * dx"),
    )),
    # ---- what is wrong now
    Edit("softmax without its maximum", "softmax", "disagreement", RED, ("the value of softmax", "overflows"), (
        (SOFTMAX, "shifted = x - x.max(axis, keepdims=True)", "shifted = x"),
    )),
    Edit("a term left out", "row_norm", "disagreement", RED, ("row_norm.dx disagrees and did not before",), (
        (ROW_NORM, "dhat - mean - hat * along", "dhat - hat * along"),
    )),
    Edit("another sign", "row_norm", "disagreement", RED, ("row_norm.dx disagrees",), (
        (ROW_NORM, "dhat - mean - hat * along", "dhat - mean + hat * along"),
    )),
    Edit("a term of 1e-7", "swish", "disagreement", RED, ("swish.dx disagrees and did not before",), (
        (SWISH, SLOPE, SLOPE + " + 1e-7"),
    )),
    Edit("the wrong axis in backward", "softmax", "disagreement", RED, ("softmax.dx disagrees",), (
        (SOFTMAX, "inner = (dy * p).sum(axis, keepdims=True)", "inner = (dy * p).sum(-1, keepdims=True)"),
    )),
    Edit("a factor for long batches", "affine", "disagreement", RED, ("affine.dw disagrees",), (
        (AFFINE, "dw = x.T @ dy", "dw = x.T @ dy * (1 + (x.shape[0] > 40))"),
    )),
    Edit("a factor for long rows", "row_norm", "disagreement", RED, ("row_norm.dx disagrees",), (
        (ROW_NORM, "    dx = inv", "    inv = inv * (1 + (dy.shape[-1] > 16))\n    dx = inv"),
    )),
    Edit("a factor for many entries", "swish", "disagreement", RED, ("swish.dx disagrees",), (
        (SWISH, "return (dy * slope,)", "return (dy * slope * (1 + (dy.size > 64)),)"),
    )),
    Edit("a factor at one axis only", "softmax", "disagreement", RED, ("softmax.dx disagrees",), (
        (SOFTMAX, "return (p * (dy - inner),)", "return (p * (dy - inner) * (1 + (dy.ndim == 1)),)"),
    )),
    Edit("a slope that is cut off", "swish", "disagreement", RED, ("swish.dx disagrees",), (
        (SWISH, "return (dy * slope,)", "return (dy * slope * (abs(x) < 30),)"),
    )),
    Edit("entries in the order of memory", "leaky", "digits", RED, ("leaky.dx loses digits",), (
        (LEAKY, LEAKY_BACK, 'dy = dy.ravel("K").reshape(dy.shape)\n    ' + LEAKY_BACK),
    )),
    Edit("a batch that is summed twice", "affine", "disagreement", RED, ("affine.db disagrees",), (
        (AFFINE, "db = sum_over_rows(dy, shape)", "db = sum_over_rows(dy, shape) * len(dy)"),
    )),
    Edit("half a square without its half", "huber", "disagreement", RED, ("huber",), (
        (HUBER, "0.5 * d * d", "d * d"),
    )),
    Edit("a float32 in between", "swish", "digits", RED, ("swish.dx loses digits", "float64"), (
        (SWISH, "return (dy * slope,)", 'return ((dy * slope).astype("float32").astype(dy.dtype),)'),
    )),
    Edit("another function and its right gradient", "swish", "function", RED, ("swish computes another function",), (
        (SWISH, "y = x * s\n", "y = 1.5 * x * s\n"), (SWISH, "return (dy * slope,)", "return (1.5 * dy * slope,)"),
    )),
    Edit("another slope at the kink", "leaky", "convention", RED, ("leaky.dx takes another slope at kinks",), (
        (LEAKY, LEAKY_BACK, "dx = np.where(x >= 0, dy, slope * dy)"),
    )),
    Edit("nan taken for 0", "leaky", "not finite", RED, ("the value of leaky", "answer", "otherwise where"), (
        (LEAKY, "    y = np.where", "    x = np.where(np.isnan(x), 0, x)\n    y = np.where"),
    )),
    # ---- what raises, or is gone
    Edit("vectors are refused", "softmax", "error", RED, ("softmax no longer runs", "rows only"), (
        (SOFTMAX, "    shifted", '    if x.ndim == 1:\n        raise ValueError("rows only")\n    shifted'),
    )),
    Edit("nothing is refused", "affine", "error", RED, ("affine no longer runs", "no rows"), (
        (AFFINE, "    y = x @ w + b", '    if not len(x):\n        raise ValueError("no rows")\n    y = x @ w + b'),
    )),
    Edit("a backward that raises for three axes", "swish", "error", RED, ("swish", "three axes"), (
        (SWISH, "    slope = s", '    if dy.ndim == 3:\n        raise ValueError("three axes")\n    slope = s'),
    )),
    Edit("a gradient that is missing", "affine", "error", RED, ("affine",), (
        (AFFINE, "return dx, dw, db", "return dx, dw"),
    )),
    Edit("a gradient of another shape", "affine", "error", RED, ("affine.db",), (
        (AFFINE, "return dx, dw, db", "return dx, dw, db[:1]"),
    )),
    Edit("a deleted rule", "swish", "removed", RED, ("swish is gone: coverage lost",), (
        (RULES, '    "swish": (swish.forward, swish.backward),\n', ""),
    )),
    Edit("a deleted rule whose name is ours too", "softmax", "removed", RED, ("softmax is gone: coverage lost",), (
        (RULES, '    "softmax": (softmax.forward, softmax.backward),\n', ""),
    )),
    Edit("an entry that is no rule", "huber", "not compared", UNKNOWN, ("huber was not compared", "new side"), (
        (RULES, '"huber": (huber.forward, huber.backward)', '"huber": None'),
    )),
    Edit("an option that is gone", "softmax", "removed", RED, ("softmax no longer takes axis",), (
        (SOFTMAX, "def forward(x, axis=-1):\n", "def forward(x):\n    axis = -1\n"),
    ), also=("error",)),
    Edit("another default", "huber", "default", RED, ("the default of delta went from 1.0 to 2.0",), (
        (HUBER, "delta=1.0", "delta=2.0"),
    )),
    # ---- what it does beside its answers
    Edit("a write into dy", "swish", "promise", RED, ("swish", "backward of swish writes into dy"), (
        (SWISH, "return (dy * slope,)", "dx = dy * slope\n    dy[...] = 0\n    return (dx,)"),
    ), also=("error", "disagreement")),
    Edit("a write into x", "leaky", "promise", RED, ("leaky", "forward of leaky writes into x"), (
        (LEAKY, "    return y, (x, slope)", "    kept = x.copy()\n    x[...] = 0\n    return y, (kept, slope)"),
    ), also=("error",)),
    Edit("a second backward that differs", "softmax", "promise", RED, ("softmax", "second call of backward"), (
        (SOFTMAX, "return (p * (dy - inner),)", "dx = p * (dy - inner)\n    p *= 0\n    return (dx,)"),
    ), also=("error",)),
    Edit("last places that change each time", "swish", "unsteady", RED, ("swish.dx has other bits each time",), (
        (SWISH, "return (dy * slope,)", "return (dy * slope * (1 + next(CALLS) % 2 * 2.0**-52),)"),
        (SWISH, "from ..helpers", "import itertools\n\nCALLS = itertools.count()\nfrom ..helpers"),
    ), also=("digits", "rounding", "promise")),
    Edit("a warning", "row_norm", "warning", RED, ("row_norm warns where it did not before", "use another"), (
        (ROW_NORM, "    centred = x", '    warnings.warn("use another", DeprecationWarning)\n    centred = x'),
        (ROW_NORM, "import numpy as np", "import warnings\n\nimport numpy as np"),
    )),
)  # fmt: skip
