"""Where an oracle itself is known to be less accurate than its dtype allows: data with a reason.

A limit never widens the tolerance of the subject. When a framework misses the derived tolerance on a network that has
the rule, and would not miss it if the rule were only as accurate as stated here, its verdict is *unavailable*, with
the reason. `tests/reference/frameworks/test_limits.py` fails for a limit that no longer shows.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Limit:
    """How far one party's rule may be off beyond rounding.

    `value(*arrays)` bounds the absolute error of the value and `slope(*arrays)` that of each slope, in shapes that
    broadcast with the value and the gradients; `lost` bounds what underflow takes from a gradient whatever its
    cotangent. `example` is an input at which it shows, with `beside` in the rule's other arrays; `arrays` stands for
    both where a rule does not take vectors. The limit holds where a node has the options `config`; those of the
    example are `asked` besides. `exhibit` is off where the dtype is too coarse for the error to make a
    picture.
    """

    party: str
    rule: str
    dtype: str
    value: Callable[..., np.ndarray]
    slope: Callable[..., np.ndarray]
    reason: str
    example: float = 0.0
    beside: tuple[float, ...] = ()
    exhibit: bool = True
    arrays: tuple[Any, ...] = ()
    lost: Callable[..., np.ndarray] = lambda *arrays: np.zeros(())
    config: Mapping[str, Any] = field(default_factory=dict)
    asked: Mapping[str, Any] = field(default_factory=dict)


def _cancels(dtype: str, eps: float, example: float = -25.3, target: float = 0.0) -> Limit:
    return Limit(
        party="torch",
        rule="bce_with_logits",
        dtype=dtype,
        value=lambda x, target, *weights: np.sum(abs(x)) * eps * _product(weights),
        slope=lambda x, target, *weights: 4 * eps * abs(target) * _product(weights),
        reason="PyTorch's loss is (1 - t) x - log_sigmoid(x), which cancels for x far below 0: good to |x| eps only; "
        "its slope is (q t + 1 - t) sigmoid(x) - q t, which cancels where q t is large",
        example=example,
        beside=(target,),
        exhibit=target == 0,
    )


def _product(weights: tuple[np.ndarray, ...]) -> float:
    """The most that a term may be multiplied by."""
    return math.prod(max(1.0, abs(each).max(initial=0.0)) for each in weights)


def _softsign(party: str, dtype: str, eps: float, square_overflows: float = np.inf, flushed: float = 0.0) -> Limit:
    return Limit(
        party=party,
        rule="softsign",
        dtype=dtype,
        value=lambda x: 0 * x,
        slope=lambda x: (4 * eps + (abs(x) > square_overflows)) / (1 + abs(x)),
        reason="autograd's slope is 1/s - |x|/s^2 with s = 1 + |x|, which cancels for large x"
        + (", and s^2 overflows" if np.isfinite(square_overflows) else "")
        + (", or dy / s^2 underflows" if flushed else ""),
        example={"bfloat16": 1e30, "float32": 1e4, "float64": 1e8}[dtype],
        lost=lambda x: flushed * abs(x),
    )


def _rms_norm(party: str, dtype: str) -> Limit:
    return Limit(
        party=party,
        rule="rms_norm",
        dtype=dtype,
        value=lambda *arrays: np.zeros(()),
        slope=lambda x, *weight: _lost_cube(x, *weight) * max(abs(w).max(initial=0.0) for w in weight or [np.ones(1)]),
        reason="autograd's slope goes through the cube of 1 / rms, which underflows for rows of 1e13 and more",
        example=1e14,
        beside=(1.0,),
        exhibit=False,  # the gallery has a better conditioned example of two entries
    )


def _lost_cube(x: np.ndarray, *weight: np.ndarray) -> float:
    """1 / rms of the largest row whose cube is below the smallest normal float32, else 0.

    A row is what the weight spans; without a weight, whatever it may be.
    """
    lost = [0.0]
    for count in (w.ndim for w in weight) if weight else range(1, x.ndim + 1):
        inverse = 1 / np.maximum(np.sqrt((x * x).mean(tuple(range(-count, 0)))), 1e-300)
        lost.append(np.max(np.where(inverse**3 < 2.0**-126, inverse, 0.0), initial=0.0))
    return max(lost)


def _elu(rule: str, dtype: str, eps: float) -> Limit:
    return Limit(
        party="jax",
        rule=rule,
        dtype=dtype,
        value=lambda x: 0 * x,
        slope=lambda x: (8 if rule == "elu" else 16) * eps * (x <= 0),
        reason="JAX's slope below 0 is expm1(x) + 1, which cancels",
        example={"bfloat16": -6.0, "float32": -16.0, "float64": -34.0}[dtype],
        exhibit=dtype in ("float32", "float64"),
    )


def _tanhshrink(party: str, dtype: str, eps: float) -> Limit:
    return Limit(
        party=party,
        rule="tanhshrink",
        dtype=dtype,
        value=lambda x: 0 * x,
        slope=lambda x: 4 * eps + 0 * x,
        reason="autograd's slope is 1 - (1 - tanh(x)^2), which cancels for small x",
        example={"bfloat16": 0.05, "float32": 1e-3, "float64": 1e-6}[dtype],
        exhibit=dtype != "bfloat16",
    )


def _gelu(party: str, dtype: str, eps: float, reason: str, config: Mapping[str, Any]) -> Limit:
    if party == "jax":
        eps *= 2  # XLA's tanh is off by up to 7 units of 2^-53 near -1, others' by less than 4: a test measures it

    return Limit(
        party=party,
        rule="gelu",
        dtype=dtype,
        value=lambda x: 2 * eps * abs(x),
        # 1 - tanh(u)^2 cancels as well, and is multiplied by x du/dx
        slope=lambda x: 4 * eps * (1 + abs(x) * (1 + np.minimum(x * x, 100))),
        reason=reason,
        example={"float32": -5.0, "float64": -6.0}[dtype],
        exhibit=not config,
        config=config,
    )


# XLA's tanh of softplus(x) is off by up to 7 units of 2^-53 near 1: twice that, times x, in 1 - tanh^2
_MISH = Limit(
    party="jax",
    rule="mish",
    dtype="float64",
    value=lambda x: 0 * x,
    slope=lambda x: 16 * 2.0**-53 * abs(x),
    reason="JAX's slope has x (1 - tanh^2) in it, which cancels, and XLA's tanh is off by up to 7 units of 2^-53",
    example=19.75,
    exhibit=False,  # forty units in the last place are no picture
)

_BOTH = "PyTorch's factor of x is 1 + erf or 1 + tanh, which cancels for x far below 0: good to eps only"
_TANH = "JAX's factor of x for approximate=True is 1 + tanh, which cancels for x far below 0: good to eps only"

# PyTorch's kernel for float64 multiplies by 1/6 rounded to float32
_SIXTH = Limit(
    party="torch",
    rule="hardsigmoid",
    dtype="float64",
    value=lambda x: 0 * x,
    slope=lambda x: 2.0**-25 / 6 * (abs(x) < 3),
    reason="PyTorch's slope is 1/6 rounded to float32, in float64 as well: off by 3e-8 of it",
    example=1.0,
)


def _gru(rule: str, dtype: str, eps: float) -> Limit:
    state, shut = [[4.2e-7]], ([[0.0], [1.0], [1.0]], [[0.0], [0.0], [0.0]])
    over_steps = rule == "gru"
    return Limit(
        party="torch",
        rule=rule,
        dtype=dtype,
        value=lambda x, h, *weights: (len(x) if over_steps else 1) * 2 * eps * (1 + abs(h).max(initial=0.0)),
        slope=lambda x, h, *weights: np.zeros(()),
        reason="PyTorch's new state is n + z (h - n), which cancels where z is 1 and h is small: good to eps of n only",
        exhibit=False,
        arrays=([[[1e25]]], [state], *shut, [0.0] * 3, [0.0] * 3) if over_steps else ([[1e25]], state, *shut),
    )


def _jax_bce(dtype: str, smallest: float, example: float) -> Limit:
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


def _bce(dtype: str) -> Limit:
    return Limit(
        party="torch",
        rule="bce",
        dtype=dtype,
        value=lambda x, target, *weights: np.zeros(()),
        slope=lambda x, target, *weights: _near_an_end(x, target) * _product(weights),
        reason="PyTorch divides by max(x (1 - x), 1e-12), so that its slope nearer to 0 or 1 is too small",
        example=2.0**-44,
        beside=(0.5,),
        exhibit=False,  # the gallery has a point of its own
    )


def _near_an_end(x: np.ndarray, target: np.ndarray) -> np.ndarray:
    """What a slope there may be off by: all of it."""
    with np.errstate(all="ignore"):
        return np.where(x * (1 - x) < 1e-12, abs(x - target) * (1e12 + 1 / (x * (1 - x))), 0.0)


def _soft_margin(dtype: str, overflows: float, example: float, exhibit: bool = False) -> Limit:
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
_NORM_OF_LITTLE = Limit(
    party="torch",
    rule="triplet_margin",
    dtype="float16",
    value=lambda *vectors: np.zeros(()),
    slope=lambda a, p, n: np.where(min(_distance(a, p), _distance(a, n), _distance(p, n)) < 2e-3, np.inf, 0.0),
    reason="PyTorch's slope of a norm with p = 3 is v^2 over its square, which underflows in float16: inf or nan",
    arrays=([[0.0]], [[0.0]], [[0.5]]),
    config={"p": 3.0},
    exhibit=False,
)


def _jax_normalize(dtype: str, root: float, example: float) -> Limit:
    """`root` is the largest number whose square the dtype holds."""
    return Limit(
        party="jax",
        rule="normalize",
        dtype=dtype,
        value=lambda x: np.zeros(()),
        slope=lambda x: np.asarray(np.inf if abs(x).sum() > root else 0.0),
        reason="JAX's slope of a quotient divides by the square of the length, which overflows",
        arrays=([[example, 1.0], [0.0, 1.0]],),
        asked={"p": 1.0},
        exhibit=False,
    )


def _prod(dtype: str, least: float) -> Limit:
    """`least` is the spacing of the dtype's subnormals."""

    def lost(x: np.ndarray) -> np.ndarray:
        return np.asarray(least / abs(x[x != 0]).min(initial=np.inf) / 2)

    return Limit(
        party="torch",
        rule="prod",
        dtype=dtype,
        value=lambda x: np.zeros(()),
        slope=lost,
        lost=lost,  # of dy times the product
        reason="PyTorch divides dy times the whole product by the entry, which has few digits where it is subnormal",
        arrays=([5 * least, 0.7],),
        exhibit=False,
    )


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    """The least of any two rows."""
    return float(np.sqrt(np.square(a - b).sum(-1)).min(initial=np.inf))


LIMITS = (
    _softsign("torch", "float32", 2.0**-24),
    _softsign("torch", "float64", 2.0**-53),
    _softsign("torch", "bfloat16", 2.0**-8, square_overflows=1.8e19),
    # XLA on a CPU takes a subnormal dy / s^2 as 0, and |x| times that is lost
    _softsign("jax", "bfloat16", 2.0**-8, square_overflows=1.8e19, flushed=2.0**-126),
    _softsign("jax", "float32", 2.0**-24, square_overflows=1.8e19, flushed=2.0**-126),
    _softsign("jax", "float64", 2.0**-53, square_overflows=1.3e154, flushed=2.0**-1022),
    _rms_norm("torch", "float32"),
    *(_elu(rule, "bfloat16", 2.0**-8) for rule in ("elu", "celu", "selu")),
    *(_elu(rule, "float32", 2.0**-24) for rule in ("elu", "celu", "selu")),
    *(_elu(rule, "float64", 2.0**-53) for rule in ("elu", "celu", "selu")),
    _jax_bce("bfloat16", 2.0**-126, example=2.0**-128),
    _jax_bce("float32", 2.0**-126, example=2.0**-128),
    _jax_bce("float64", 2.0**-1022, example=0.4142),
    *map(_bce, ("bfloat16", "float32", "float64")),
    _NORM_OF_LITTLE,
    _jax_normalize("bfloat16", 1.8e19, 1e27),
    _jax_normalize("float32", 1.8e19, 1e27),
    _jax_normalize("float64", 1.3e154, 1e200),
    _prod("float32", 2.0**-149),
    _prod("float64", 2.0**-1074),
    _prod("float16", 2.0**-24),
    _soft_margin("float16", 11.0, example=-12.0),
    _soft_margin("bfloat16", 88.0, example=-100.0),
    _soft_margin("float32", 88.0, example=-100.0),
    _soft_margin("float64", 709.0, example=-1000.0, exhibit=True),
    _cancels("float32", 2.0**-23),
    _cancels("float64", 2.0**-52),
    _cancels("bfloat16", 2.0**-7, example=-1e4, target=1e-3),
    _SIXTH,
    _MISH,
    _gelu("torch", "float32", 2.0**-24, _BOTH, {}),
    _gelu("torch", "float64", 2.0**-53, _BOTH, {}),
    _gelu("jax", "float32", 2.0**-24, _TANH, {"approximate": "tanh"}),
    _gelu("jax", "float64", 2.0**-53, _TANH, {"approximate": "tanh"}),
    *(_tanhshrink(party, "float32", 2.0**-24) for party in ("torch", "jax")),
    *(_tanhshrink(party, "float64", 2.0**-53) for party in ("torch", "jax")),
    *(_tanhshrink(party, "bfloat16", 2.0**-8) for party in ("torch", "jax")),
    *(
        _gru(rule, dtype, eps)
        for rule in ("gru_cell", "gru")
        for dtype, eps in (("float32", 2.0**-24), ("float64", 2.0**-53))
    ),
)


# Parties that take subnormal numbers as 0, whatever the rule: where a slope is infinite at 0, theirs is inf or nan.
FLUSHES: Mapping[str, str] = {"jax": "XLA on a CPU takes subnormal numbers as 0"}


def limits_of(party: str, dtype: str, rules: set[str]) -> dict[str, Limit]:
    """The limits that apply to a party on a network of these rules, by rule."""
    return {each.rule: each for each in LIMITS if (each.party, each.dtype) == (party, dtype) and each.rule in rules}
