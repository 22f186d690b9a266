"""Limits of the losses."""

import math

import numpy as np

from backcheck_reference.frameworks.limits.limit import Limit
from backcheck_reference.numbers.balls import LARGEST


def bce_with_logits(dtype: str, eps: float, least: float, example: float = -25.3, target: float = 0.0) -> Limit:
    """`least` is the spacing of the dtype's subnormals."""
    return Limit(
        party="torch",
        rule="bce_with_logits",
        dtype=dtype,
        value=lambda x, target, *weights: np.sum(abs(x)) * eps * _product(weights),
        slope=lambda x, target, *weights: 4 * eps * abs(target) * _product(weights),
        lost=lambda x, target, *weights: least * _product(weights),
        reason="PyTorch's loss is (1 - t) x - log_sigmoid(x), which cancels for x far below 0: good to |x| eps only; "
        "its slope is (q t + 1 - t) sigmoid(x) - q t, which cancels where q t is large, and times dy it may underflow "
        "before the weight makes it large again",
        example=example,
        beside=(target,),
        exhibit=target == 0,
    )


def _product(weights: tuple[np.ndarray, ...]) -> float:
    """The most that a term may be multiplied by."""
    return math.prod(max(1.0, abs(each).max(initial=0.0)) for each in weights)


def jax_bce(dtype: str, smallest: float, example: float) -> Limit:
    polynomial = (
        ", and its polynomial for log1p(-x) of float64 serves where it was not fitted, for x from 0.34 to 0.414"
    )
    return Limit(
        party="jax",
        rule="bce",
        dtype=dtype,
        value=lambda x, target, *weights: np.sum(_of_logs(x, dtype, smallest)) * _product((1 + abs(target), *weights)),
        slope=lambda x, target, *weights: np.where(
            x < smallest, np.inf, _of_logs(x, dtype, smallest) * _product(weights)
        ),
        reason="XLA on a CPU takes a subnormal x as 0, whose logarithm has the slope nan"
        + (polynomial if dtype == "float64" else ""),
        example=example,
        beside=(0.5 if dtype == "float64" else example,),  # beside another target the slope overflows
        exhibit=False,  # some hundred ulps make no picture, and subnormals have one of their own
    )


def _of_logs(x: np.ndarray, dtype: str, smallest: float) -> np.ndarray:
    """How far off XLA's logarithms of x and 1 - x are: one of 0 is held at -100."""
    polynomial = (x > 0.34) & (x < 0.41422) & (dtype == "float64")
    off: np.ndarray = 2.8e-14 * abs(np.log1p(-x)) * polynomial + 100.0 * (x < smallest)
    return off


def torch_bce(dtype: str) -> Limit:
    return Limit(
        party="torch",
        rule="bce",
        dtype=dtype,
        slope=lambda x, target, *weights: (_near_an_end(x, target) + _unheld(x)) * _product(weights),
        reason="PyTorch divides by max(x (1 - x), 1e-12), so that its slope nearer to 0 or 1 is too small; its slope "
        "by the target is the logarithms as they are, not held at -100 as in its value",
        example=2.0**-44,
        beside=(0.5,),
        exhibit=False,  # the gallery has a point of its own
    )


def _near_an_end(x: np.ndarray, target: np.ndarray) -> np.ndarray:
    """What a slope there may be off by: all of it."""
    with np.errstate(all="ignore"):
        return np.where(x * (1 - x) < 1e-12, abs(x - target) * (1e12 + 1 / (x * (1 - x))), 0.0)


def _unheld(x: np.ndarray) -> np.ndarray:
    """How far the logarithms of x and 1 - x are below -100."""
    with np.errstate(all="ignore"):
        return np.asarray(np.maximum(-100 - np.log(x), 0) + np.maximum(-100 - np.log1p(-x), 0))


def gaussian_nll(dtype: str, least: float, x: float, var: float, cotangent: float) -> Limit:
    """`least` is the spacing of the dtype's subnormals."""

    def lost_square(x: np.ndarray, target: np.ndarray, *_: np.ndarray) -> np.ndarray:
        return np.asarray(np.where(abs(x - target).max(initial=0.0) > LARGEST[dtype] ** 0.5, np.inf, 0.0))

    return Limit(
        party="torch",
        rule="gaussian_nll",
        dtype=dtype,
        value=lost_square,
        slope=lost_square,
        lost=lambda x, target, var: least * abs(x - target),
        reason="PyTorch squares x - target before it divides by the variance, which overflows, and multiplies "
        "dy / variance by x - target, which underflows",
        arrays=([x] * 16, [0.0] * 16, [var] * 16),
        asked={"reduction": "none"},
        cotangent=cotangent,
        exhibit=False,
    )


def soft_margin(dtype: str, overflows: float, example: float, exhibit: bool = False) -> Limit:
    return Limit(
        party="torch",
        rule="soft_margin",
        dtype=dtype,
        value=lambda x, target: np.sum(np.where(-target * x > overflows, np.inf, 0.0)),
        slope=lambda x, target: np.where(-target * x > overflows, np.inf, 0.0),
        reason="PyTorch takes log(1 + exp(-t x)) as it stands: inf where the exponential overflows, and the slope nan",
        example=example,
        beside=(1,),
        exhibit=exhibit,
    )


# with eps = 1e-6 that is where two vectors are the same
TRIPLET_MARGIN = Limit(
    party="torch",
    rule="triplet_margin",
    dtype="float16",
    slope=lambda a, p, n: np.where(min(_distance(a, p), _distance(a, n), _distance(p, n)) < 2e-3, np.inf, 0.0),
    reason="PyTorch's slope of a norm with p = 3 is v^2 over its square, which underflows in float16: inf or nan",
    arrays=([[0.0]], [[0.0]], [[0.5]]),
    config={"p": 3.0},
    exhibit=False,
)


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    """The least of any two rows."""
    return float(np.sqrt(np.square(a - b).sum(-1)).min(initial=np.inf))


# PyTorch keeps the 1e-12 that is added to the square of each length as a float32
_EPS, _EPS_IS_OFF = 1e-12, 1e-12 - float(np.float32(1e-12))
COSINE_EMBEDDING = Limit(
    party="torch",
    rule="cosine_embedding",
    dtype="float64",
    # c = p / sqrt(s1 s2), s = |x|^2 + eps, moves with eps by at most 1 / min(s), and its slope by 3 / min(s)^1.5
    value=lambda x1, x2, target: np.asarray(_EPS_IS_OFF * target.size / (_least_square(x1, x2) + _EPS)),
    slope=lambda x1, x2, target: np.asarray(3 * _EPS_IS_OFF / (_least_square(x1, x2) + _EPS) ** 1.5),
    reason="PyTorch's eps in the lengths is 1e-12 rounded to float32, in float64 as well: off by 4e-9 of it",
    arrays=([[1.0, 0.0]], [[0.0, 0.0]], [1]),
    exhibit=False,  # the ninth digit makes no picture
)


def cosine_of_nothing(party: str) -> Limit:
    return Limit(
        party=party,
        rule="cosine_embedding",
        dtype="float16",
        slope=lambda x1, x2, target: np.where(_least_square(x1, x2) < 2.0**-24, np.inf, 0.0),
        reason="the eps in the lengths, 1e-12, is 0 in float16: beside a vector of zeros the slope by autograd is 0/0",
        arrays=([[0.0, 0.0]], [[0.75, 0.5]], [0]),
        exhibit=False,
    )


def _least_square(*vectors: np.ndarray) -> float:
    """The square of the least length of any row."""
    return min(float(np.square(each).sum(-1).min(initial=np.inf)) for each in vectors)
