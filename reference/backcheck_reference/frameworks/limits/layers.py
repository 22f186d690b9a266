"""Limits of normalisations, recurrent rules and products."""

import numpy as np

from backcheck_reference.frameworks.limits.limit import Limit
from backcheck_reference.numbers.balls import LARGEST


def rms_norm(dtype: str, smallest: float, example: float) -> Limit:
    """`smallest` is the dtype's smallest normal number."""
    return Limit(
        party="torch",
        rule="rms_norm",
        dtype=dtype,
        # one axis more than x has: each entry hangs on all of dy
        slope=lambda x, *weight: np.full((1,) * (x.ndim + 1), _lost_cube(smallest, x, *weight) * _largest(*weight)),
        reason="autograd's slope goes through the cube of 1 / rms, which underflows for rows of "
        + {"float32": "1e13", "float64": "1e103"}[dtype]
        + " and more",
        example=example,
        beside=(1.0,),
        exhibit=False,  # the gallery has a better conditioned example of two entries
    )


def _largest(*weight: np.ndarray) -> float:
    return max(float(abs(w).max(initial=0.0)) for w in weight or [np.ones(1)])


def _lost_cube(smallest: float, x: np.ndarray, *weight: np.ndarray) -> float:
    """The largest 1 / rms of a row whose cube is below the smallest normal number; 0 where there is none.

    A row is what the weight spans. Without a weight every possible row counts.
    """
    lost = [0.0]
    for count in (w.ndim for w in weight) if weight else range(1, x.ndim + 1):
        inverse = 1 / np.maximum(np.sqrt((x * x).mean(tuple(range(-count, 0)))), 1e-300)
        lost.append(np.max(np.where(inverse**3 < smallest, inverse, 0.0), initial=0.0))
    return max(lost)


def gru(rule: str, dtype: str, eps: float) -> Limit:
    state, shut = [[4.2e-7]], ([[0.0], [1.0], [1.0]], [[0.0], [0.0], [0.0]])
    over_steps = rule == "gru"
    return Limit(
        party="torch",
        rule=rule,
        dtype=dtype,
        value=lambda x, h, *weights: (len(x) if over_steps else 1) * 2 * eps * (1 + abs(h).max(initial=0.0)),
        reason="PyTorch's new state is n + z (h - n), which cancels where z is 1 and h is small: good to eps of n only",
        exhibit=False,
        arrays=([[[1e25]]], [state], *shut, [0.0] * 3, [0.0] * 3) if over_steps else ([[1e25]], state, *shut),
    )


def jax_normalize(dtype: str, root: float, example: float) -> Limit:
    """`root` is the largest number whose square the dtype holds."""
    return Limit(
        party="jax",
        rule="normalize",
        dtype=dtype,
        slope=lambda x: np.asarray(np.inf if abs(x).sum() > root else 0.0),
        reason="JAX's slope of a quotient divides by the square of the length, which overflows",
        arrays=([[example, 1.0], [0.0, 1.0]],),
        asked={"p": 1.0},
        exhibit=False,
    )


def prod(dtype: str, least: float) -> Limit:
    """`least` is the spacing of the dtype's subnormals."""

    def lost(x: np.ndarray) -> np.ndarray:
        return np.asarray(least / abs(x[x != 0]).min(initial=np.inf) / 2)

    return Limit(
        party="torch",
        rule="prod",
        dtype=dtype,
        slope=lost,
        lost=lost,  # of dy times the product
        reason="PyTorch divides dy times the whole product by the entry, which has few digits where it is subnormal",
        arrays=([least, 0.33] if dtype == "bfloat16" else [5 * least, 0.7],),
        exhibit=False,
    )


def torch_divide(dtype: str, least: float, example: float, beside: float, cotangent: float) -> Limit:
    """`least` is the spacing of the dtype's subnormals."""
    return Limit(
        party="torch",
        rule="divide",
        dtype=dtype,
        slope=lambda x1, x2: least * (1 + 1 / abs(x2)) + _beyond(x1 / x2 / x2, dtype),
        reason="PyTorch's slope by the divisor is (x1 / x2) / x2, which underflows before dy makes it large again, and "
        "overflows where dy makes it small",
        example=example,
        beside=(beside,),
        cotangent=cotangent,
        exhibit=False,
    )


def torch_reciprocal(dtype: str, least: float, example: float, cotangent: float) -> Limit:
    """`least` is the spacing of the dtype's subnormals."""
    return Limit(
        party="torch",
        rule="reciprocal",
        dtype=dtype,
        slope=lambda x: np.full(x.shape, least),
        reason="PyTorch's slope is the square of 1 / x, which underflows before dy makes it large again",
        example=example,
        cotangent=cotangent,
        exhibit=False,
    )


def _beyond(slope: np.ndarray, dtype: str) -> np.ndarray:
    """How far off a slope may be that the dtype does not hold: as far as can be."""
    return np.where(abs(slope) > LARGEST[dtype], np.inf, 0.0)


def torch_standardised(rule: str, dtype: str, large: float) -> Limit:
    """Normalisations by the mean and the variance. `large` is an x whose square the dtype holds."""
    own, least = rule != "layer_norm", {"float32": 2.0**-149, "float64": 2.0**-1074}[dtype]
    # over the deviation, or over its square, it is subnormal
    small = 64 * least * large if own else 2.0**10 * least * large**2
    rows = [[large, -large, large / 3, large / 7], [large / 2, large / 4, large / 5, -large / 3]]
    statistics = ([0.0] * 4, [1.0] * 4) if rule == "batch_norm_with_statistics" else ()
    return Limit(
        party="torch",
        rule=rule,
        dtype=dtype,
        value=lambda x, *weights: 2 * least * abs(x).max(initial=0.0) if own else 0.0,
        lost=lambda x, *weights: 4 * least * abs(x).max(initial=0.0),
        reason="PyTorch multiplies x by what may be subnormal where x is large: "
        + ("the weight over the deviation, and for the gradient " if own else "for the gradient ")
        + "a sum of dy x over its cube",
        arrays=([rows], [small] * 2) if rule == "instance_norm" else (rows, *statistics, [small] * 4),
        asked={"num_groups": 1} if rule == "group_norm" else {},
        exhibit=False,
    )


def torch_batch_norm_eval(dtype: str, least: float, x: float, var: float, weight: float) -> Limit:
    """`least` is the spacing of the dtype's subnormals."""
    return Limit(
        party="torch",
        rule="batch_norm_eval",
        dtype=dtype,
        slope=lambda x, mean, var, *weights: np.asarray(
            least * _largest(*weights[:1]) / abs(var).min(initial=1.0) ** 0.5
        ),
        reason="PyTorch's slope by the deviation is (x - mean) / deviation / deviation, which underflows before the "
        "weight makes it large again",
        arrays=([[x], [2 * x]], [0.0], [var], [weight]),
        exhibit=False,
    )


def torch_weight_norm(dtype: str, small: float, tiny: float, example: float) -> Limit:
    """`small` is the least number whose square has all its digits, `tiny` the least normal one."""

    def length(v: np.ndarray) -> float:
        """The least norm of any row that `dim` may mean."""
        axes = [tuple(i for i in range(v.ndim) if i != dim) for dim in (None, *range(v.ndim))]
        # the square of a float64 may vanish here too
        scale = abs(v).max(initial=0.0) or 1.0
        return min(float(np.min(np.sqrt(np.square(v / scale).sum(each)) * scale, initial=np.inf)) for each in axes)

    return Limit(
        party="torch",
        rule="weight_norm",
        dtype=dtype,
        value=lambda v, g: np.asarray(np.inf if length(v) < small else 0.0),
        slope=lambda v, g: np.asarray(np.inf if length(v) < small else 0.0),
        lost=lambda v, g: np.asarray(v.size * tiny / length(v) * (1 + abs(g).max(initial=0.0) / length(v))),
        reason="PyTorch's norm is the root of a sum of squares, and its slope a sum of dy v over its cube: where v is "
        "small they vanish",
        arrays=([[example, 2 * example]], [[example]]),
        exhibit=False,
    )


def jax_reciprocal(dtype: str, smallest: float, example: float, cotangent: float) -> Limit:
    """`smallest` is the dtype's smallest normal number: XLA on a CPU takes what is below as 0."""
    return Limit(
        party="jax",
        rule="reciprocal",
        dtype=dtype,
        slope=lambda x: np.full(x.shape, smallest),
        reason="JAX's slope is x^-2, which underflows before dy makes it large again",
        example=example,
        cotangent=cotangent,
        exhibit=False,
    )


def jax_divide(dtype: str, smallest: float, example: float, cotangent: float) -> Limit:
    """`smallest` is the dtype's smallest normal number: XLA on a CPU takes what is below as 0."""
    return Limit(
        party="jax",
        rule="divide",
        dtype=dtype,
        slope=lambda x1, x2: smallest * abs(x1),
        lost=lambda x1, x2: smallest / abs(x2) / abs(x2),
        reason="JAX's slope by the divisor is dy x1 times x2^-2, which underflows where x2 is large",
        example=1.0,
        beside=(example,),
        cotangent=cotangent,
        exhibit=False,
    )


def positions(party: str) -> Limit:
    # sin(5 * 3 ** -0.4) is -0.08, and what is added in the example leaves little of it
    return Limit(
        party=party,
        rule="positional_encoding",
        dtype="float64",
        value=lambda x: 4 * x.shape[-2] * 2.0**-53,
        reason="the angles of positions are float64 numbers, and each formula for them rounds otherwise: by some parts "
        "in 2^53 of the angle, which shows where a wave and what it is added to cancel",
        arrays=([[0.0] * 5] * 5 + [[0.0, 0.0, 0.1044837729097221, 0.0, 0.0]],),
        asked={"base": 3.0},
        exhibit=False,
    )
