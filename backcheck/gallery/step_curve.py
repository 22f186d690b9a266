"""The error of a central difference by the length of its step: why differences alone cannot judge.

On one fixed network of dense, tanh and layer norm, the slope along a direction through the weights is known to 70
digits. The difference (f(x + h v) - f(x - h v)) / 2h has two errors: a multiple of h^2, given by the third derivative,
and the rounding of f divided by h. float64 and float32 have both, and for small h the second is the larger one. Exact
arithmetic has the first alone.
"""

from typing import Any

import numpy as np

from backcheck.strategies.case import draw_as_text
from backcheck_reference.lazy import Unavailable, flint
from backcheck_reference.numbers import exact
from scratch_bp.network import ArraySpec, Network, Node, forward, value_and_grad

PRECISION = 256
NETWORK = Network(
    {"x": ArraySpec((5, 4), "input"), "w": ArraySpec((4, 6)), **dict.fromkeys(("b", "gamma", "beta"), ArraySpec((6,)))},
    (
        Node("h1", "dense", ("x", "w", "b")),
        Node("h2", "tanh", ("h1",)),
        Node("h3", "layer_norm", ("h2", "gamma", "beta")),
    ),
    "h3",
)
HALF_POWERS = tuple(range(2, 31))  # halves of a power of ten: 1e-1 to 1e-15
DTYPES = ("float64", "float32")
SHARE_AT = 6  # the step, 1e-3, at which the share of h^2 is read off


def measured() -> dict[str, Any] | None:
    """The curve as plain data for a run; None without exact arithmetic."""
    try:
        with exact.bits(PRECISION):
            return _measured()
    except Unavailable:
        return None


def _measured() -> dict[str, Any]:
    arrays, dy, v = _drawn()
    lifted = {name: exact.lift(array) for name, array in arrays.items()}
    slope = exact.total(value_and_grad(NETWORK, lifted, exact.lift(dy))[1]["w"] * exact.lift(v))
    rows = [{"h": 10.0 ** (-n / 2), "exact": _exactly(n, lifted, dy, v, slope)} for n in HALF_POWERS]
    value = float(abs(forward(NETWORK, arrays).values["h3"] * dy).sum())
    for dtype in DTYPES:
        cast = {name: array.astype(dtype) for name, array in arrays.items()}
        for row in rows:
            row[dtype] = _in_floats(row["h"], cast, dy.astype(dtype), v.astype(dtype), float(slope))
    part = next(row["exact"] / row["h"] ** 2 for row, n in zip(rows, HALF_POWERS, strict=True) if n == SHARE_AT)
    noise = {dtype: float(np.finfo(dtype).eps) / 2 * value / abs(float(slope)) for dtype in DTYPES}
    return {"network": draw_as_text(NETWORK), "truncation": part, "rounding": noise, "rows": rows}


def _drawn() -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Numbers that float32 holds, so that both dtypes are asked about the same point."""
    rng = np.random.Generator(np.random.PCG64(11))

    def some(*shape: int) -> np.ndarray:
        return np.asarray(rng.uniform(-1.5, 1.5, shape)).astype(np.float32).astype(np.float64)

    arrays = {name: some(*spec.shape) for name, spec in NETWORK.arrays.items()}
    return arrays, some(5, 6), some(4, 6)


def _exactly(n: int, arrays: dict[str, np.ndarray], dy: np.ndarray, v: np.ndarray, slope: Any) -> float:
    h = flint.arb(10) ** (flint.arb(-n) / 2)
    ends = [forward(NETWORK, {**arrays, "w": arrays["w"] + sign * h * exact.lift(v)}).values["h3"] for sign in (1, -1)]
    found = exact.total((ends[0] - ends[1]) * exact.lift(dy)) / (2 * h)
    return abs(float((found - slope) / slope))


def _in_floats(h: float, arrays: dict[str, np.ndarray], dy: np.ndarray, v: np.ndarray, slope: float) -> float:
    """All of it in one dtype, but for the comparison with the slope."""
    step = dy.dtype.type(h)
    ends = [forward(NETWORK, {**arrays, "w": arrays["w"] + sign * step * v}).values["h3"] for sign in (1, -1)]
    found = ((ends[0] * dy).sum() - (ends[1] * dy).sum()) / (2 * step)
    return abs(float(found) - slope) / abs(slope)
