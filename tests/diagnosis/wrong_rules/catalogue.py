"""Wrong rules that people have written: what is wrong, a case that shows it, and what must be said of it.

Each is planted in place of the right rule, and the right rule must pass on the same case.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

import numpy as np

from backcheck.campaign.power.wrong_rules import eps_outside, no_eps, overwriting
from backcheck.diagnosis.locate import REVERSE_PASS
from backcheck.verdicts.parties import ORACLES
from scratch_bp import network as engine
from scratch_bp.network import ArraySpec, Network, Node
from scratch_bp.rules import RULES, Rule
from tests.diagnosis.wrong_rules.pairs import (
    CLAMPED,
    SHIFTED,
    at_zero,
    changed,
    copied,
    cross_entropy,
    divided_by_n,
    in_precision,
    log_of_clamped,
    log_plus_eps,
    norm,
    of_inputs,
    one,
    saturated,
    softmax_sign,
    tanh_gelu,
    times,
)
from tests.verdicts.helpers import one_node

Arrays = Mapping[str, np.ndarray]
WITHOUT_FRAMEWORKS = ("differences", "exact")
LARGE = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongRule:
    """A wrong rule, and what is expected of it.

    argument, kind, says  the argument to be named, the kind of fault, and a part of its sentence
    small                 if `arrays` is too large to be differenced entry by entry: the same with fewer entries
    right                 the right rule, if the table of rules does not have this function
    reverse               replaces the subject's reverse pass
    """

    name: str
    rule: str
    arrays: Arrays
    argument: str = "x"
    wrong: Rule | None = None
    right: Rule | None = None
    kind: str = ""
    says: str = ""
    small: Arrays | None = None
    config: Mapping[str, Any] | None = None
    network: Network | None = None
    reverse: Callable[..., Any] | None = None
    oracles: Sequence[str] = ORACLES

    def case(self, arrays: Arrays) -> Network:
        return self.network or one_node(self.rule, arrays, **(self.config or {}))

    def table(self, rule: Rule | None) -> Mapping[str, Rule]:
        return {**RULES, self.rule: rule} if rule else RULES

    @contextmanager
    def planted(self) -> Iterator[Mapping[str, Rule]]:
        """The rules with the wrong one among them, and the reverse pass replaced where that is the fault."""
        with mock.patch.object(engine, "reverse", self.reverse or engine.reverse):
            yield self.table(self.wrong)


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.Generator(np.random.PCG64(seed)).standard_normal(shape)


def _specs(arrays: Arrays) -> dict[str, ArraySpec]:
    return {name: ArraySpec(array.shape) for name, array in arrays.items()}


ROWS = {"x": numbers(4, 6), "gamma": numbers(6, seed=1), "beta": numbers(6, seed=2)}
IMAGES = {"x": numbers(4, 3, 2), "weight": numbers(3, seed=1), "bias": numbers(3, seed=2)}
RMS = {"x": ROWS["x"], "weight": ROWS["gamma"]}
DENSE = {"x": numbers(5, 3), "w": numbers(3, 2, seed=1), "b": numbers(2, seed=2)}
GAP = {"x": np.array([[0.5, -1.0, 0.25], [30.0, 0.0, 1.0], [0.0, 2.0, 1.0]]), "target": np.array([0, 1, 2])}
LOGITS = {"x": 2 * numbers(5, 4, seed=3), "target": np.array([0, 3, 1, 1, 2])}
TIED = {"x": np.array([[2.0, 2, 1, 0], [0, 1, 3, 1], [-1, 4, 4, 0]])}
KINKED = {"x": np.array([[0.0, 1.5, -0.7], [2.5, 0.0, -1.25]])}
DROPPED = {"x": numbers(4, 3), "mask": np.array([[1, 0, 1], [1, 1, 0], [0, 1, 1], [1, 1, 1]])}
RIDGE = {**DENSE, "t": numbers(5, 2, seed=4)}
PENALISED = Network(
    _specs(RIDGE),
    (
        Node("y", "dense", ("x", "w", "b")),
        Node("loss", "mse", ("y", "t")),
        Node("penalty", "l2_penalty", ("w",), {"weight_decay": 1e-4}),
        Node("total", "add", ("loss", "penalty")),
    ),
    "total",
)
FANNED = {"x": numbers(2, 3, seed=6)}
FAN_OUT = Network(
    _specs(FANNED),
    (Node("a", "tanh", ("x",)), Node("b", "sigmoid", ("x",)), Node("c", "multiply", ("a", "b"))),
    "c",
)


def residuals(entries: int) -> Arrays:
    target = numbers(entries, seed=7)
    return {"x": target + 0.01 * np.sign(numbers(entries, seed=8)), "target": target}


def _row(
    name: str, rule: str, arrays: Arrays, wrong: Rule | None, kind: str = "", says: str = "", **more: Any
) -> WrongRule:
    return WrongRule(name=name, rule=rule, arrays=arrays, wrong=wrong, kind=kind, says=says, **more)


OUTSIDE, NONE = "sqrt(var) + eps stands", "sqrt(var) stands"
MSE = {"arrays": residuals(LARGE), "small": residuals(20)}
WRONG_RULES = (
    _row("layer norm, std + eps", "layer_norm", ROWS, norm("layer_norm", eps_outside, -1), "eps-misplaced", OUTSIDE),
    _row(
        "batch norm, std + eps",
        "batch_norm",
        IMAGES,
        norm("batch_norm", eps_outside, (0, 2)),
        "eps-misplaced",
        OUTSIDE,
    ),
    _row("batch norm, no eps", "batch_norm", IMAGES, norm("batch_norm", no_eps, (0, 2)), "eps-forgotten", NONE),
    _row(
        "rms norm, no eps",
        "rms_norm",
        RMS,
        norm("rms_norm", no_eps, -1, centred=False),
        "eps-forgotten",
        "sqrt(mean x^2) stands",
    ),
    _row(
        "variance, N for N - 1",
        "var",
        {"x": numbers(1200)},
        changed("var", divided_by_n),
        "ddof",
        "n - 1 and n are confused",
        small={"x": numbers(12)},
    ),
    _row("squared error, zero", "mse", wrong=times(0, "mse", 0), kind="zero", says="got is zero", **MSE),
    _row("squared error, sign", "mse", wrong=times(0, "mse", -1), kind="sign", says="the sign is wrong", **MSE),
    _row("gelu, slope of the tanh form", "gelu", {"x": ROWS["x"]}, of_inputs("gelu", tanh_gelu), "gelu-form", "tanh"),
    _row(
        "cross entropy, clamp ignored",
        "cross_entropy",
        GAP,
        cross_entropy(log_of_clamped, one),
        "clamp-ignored",
        "the forward keeps a value at 1e-07 or above (it holds 1 of 3)",
        right=CLAMPED,
        oracles=WITHOUT_FRAMEWORKS,
    ),
    _row(
        "cross entropy, log(p + eps)",
        "cross_entropy",
        LOGITS,
        cross_entropy(log_plus_eps, one),
        "factor-per-slice",
        "the same along axis 1",
        right=SHIFTED,
        oracles=WITHOUT_FRAMEWORKS,
    ),
    _row(
        "hardtanh, dy passed through",
        "hardtanh",
        {"x": 2 * numbers(3, 4)},
        changed("hardtanh", lambda saved, dy: (dy,)),
        "clamp-ignored",
        "at -1 or above",
    ),
    _row("relu, slope -7 at 0", "relu", KINKED, at_zero(-7), "wrong-kink", "used there is -7, allowed is 0 to 1"),
    _row("max, copied to ties", "max", TIED, of_inputs("max", copied), "ties", "copied to all entries tied"),
    _row("dense in float16", "dense", DENSE, in_precision(np.float16), "low-precision", "float16"),
    _row("dense in float32", "dense", DENSE, in_precision(np.float32), "low-precision", "float32"),
    _row(
        "penalty dropped",
        "l2_penalty",
        RIDGE,
        times(0, "l2_penalty", 0),
        "zero",
        "got is zero",
        argument="w",
        network=PENALISED,
    ),
    _row(
        "sigmoid, zero beyond 12",
        "sigmoid",
        {"x": 8 * numbers(5, 4, seed=6)},
        of_inputs("sigmoid", saturated),
        "saturated",
        "zero wherever |x| >",
    ),
    _row(
        "softmax, sign of the sum",
        "softmax",
        {"x": ROWS["x"]},
        changed("softmax", softmax_sign),
        "sum-term",
        "wrong sign",
    ),
    _row(
        "dropout, no rescaling",
        "dropout",
        DROPPED,
        changed("dropout", lambda saved, dy: (np.where(saved.mask != 0, dy, 0 * dy), None)),
        "rescaling",
        "1/0.7 is forgotten",
        config={"p": 0.3},
    ),
    _row(
        "bias averaged",
        "dense",
        DENSE,
        changed("dense", lambda s, dy: (*RULES["dense"].backward(s, dy)[:2], dy.sum(0) / len(dy))),
        "mean-for-sum",
        "the mean instead of the sum over the batch, 5",
        argument="b",
    ),
    _row(
        "fan-out overwritten", REVERSE_PASS, FANNED, None, "overwritten", "alone", network=FAN_OUT, reverse=overwriting
    ),
)

HALF_AT_ZERO = _row("relu, slope 1/2 at 0", "relu", KINKED, at_zero(0.5))
