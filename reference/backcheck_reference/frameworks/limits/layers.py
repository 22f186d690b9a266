"""Limits of normalisations, recurrent rules and products."""

import numpy as np

from backcheck_reference.frameworks.limits.limit import Limit


def rms_norm(party: str, dtype: str) -> Limit:
    return Limit(
        party=party,
        rule="rms_norm",
        dtype=dtype,
        slope=lambda x, *weight: _lost_cube(x, *weight) * max(abs(w).max(initial=0.0) for w in weight or [np.ones(1)]),
        reason="autograd's slope goes through the cube of 1 / rms, which underflows for rows of 1e13 and more",
        example=1e14,
        beside=(1.0,),
        exhibit=False,  # the gallery has a better conditioned example of two entries
    )


def _lost_cube(x: np.ndarray, *weight: np.ndarray) -> float:
    """The largest 1 / rms of a row whose cube is below the smallest normal float32; 0 where there is none.

    A row is what the weight spans. Without a weight every possible row counts.
    """
    lost = [0.0]
    for count in (w.ndim for w in weight) if weight else range(1, x.ndim + 1):
        inverse = 1 / np.maximum(np.sqrt((x * x).mean(tuple(range(-count, 0)))), 1e-300)
        lost.append(np.max(np.where(inverse**3 < 2.0**-126, inverse, 0.0), initial=0.0))
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


def torch_divide(dtype: str, least: float, example: float, cotangent: float) -> Limit:
    """`least` is the spacing of the dtype's subnormals."""
    return Limit(
        party="torch",
        rule="divide",
        dtype=dtype,
        slope=lambda x1, x2: least * (1 + 1 / abs(x2)),
        reason="PyTorch's slope by the divisor is (x1 / x2) / x2, which underflows before dy makes it large again",
        example=1.0,
        beside=(example,),
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
