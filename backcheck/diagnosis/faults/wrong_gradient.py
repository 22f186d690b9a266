"""What is known of one wrong gradient, what a fault is, and what a mistake in a formula is."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

CUSTOMARY_EPS = (1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3)  # where it is written into the code


@dataclass(frozen=True, slots=True, eq=False)
class Wrong:
    """One wrong gradient tensor of one node, at the values it had.

    rule, argument  the rule, and which of its arrays the gradient belongs to
    got, want       the answer and the truth, float64
    inputs          the rule's arrays by name, the first one first; integers stay integers
    config          the options that differ from the defaults in the forward's signature
    dy, value       the cotangent of the rule's output, and the output
    forward         forward(*arrays, **config) -> (y, saved); with it other derivations can be computed
    digits          to how many decimal digits `got` is known: 12 for a float64 run, 5 for float32
    parts           at a fan-out, what each reader contributes; `want` is their sum
    malformed       what is wrong with the form of the answer, in words; the other fields may then be unknown
    lower, upper    at a kink, the one-sided slopes of each entry; `want` is one choice between them
    others          the true gradients of the rule's other arguments
    known           for a tensor too large for all of its truth: where `want`, `lower`, `upper` and `others` are known;
                    elsewhere they are NaN
    """

    rule: str
    argument: str
    got: np.ndarray
    want: np.ndarray
    inputs: Mapping[str, np.ndarray]
    config: Mapping[str, Any]
    dy: np.ndarray
    forward: Callable[..., Any] | None = None
    value: np.ndarray | None = None
    digits: float = 12
    parts: tuple[np.ndarray, ...] = ()
    malformed: str = ""
    lower: np.ndarray | None = None
    upper: np.ndarray | None = None
    others: Mapping[str, np.ndarray] = field(default_factory=dict)
    known: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """A known fault that explains a wrong gradient: its kind, and a sentence with the numbers."""

    kind: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Mistake:
    """A way to get the formula of a gradient wrong: the kind of fault, what is wrong in words, and the wrong formula.

    The wrong formula takes the same arguments as the right one.
    """

    kind: str
    words: str
    formula: Callable[..., np.ndarray]


def defaults(wrong: Wrong) -> dict[str, Any]:
    """The default of every option in the forward's signature."""
    try:
        parameters = inspect.signature(wrong.forward).parameters.values() if wrong.forward else ()
    except (TypeError, ValueError):
        return {}
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is not p.empty}


def options(wrong: Wrong) -> dict[str, Any]:
    """Every option with the value in force."""
    return {**defaults(wrong), **wrong.config}


def floats(wrong: Wrong) -> dict[str, np.ndarray]:
    """The inputs that are not index arrays."""
    return {name: array for name, array in wrong.inputs.items() if array.dtype.kind == "f"}


def first(wrong: Wrong) -> np.ndarray:
    """The rule's first array; by convention this is the data."""
    return next(iter(wrong.inputs.values()), wrong.dy)


def with_value(wrong: Wrong) -> Wrong:
    """The same with the output of its forward, where that is to be had."""
    if wrong.value is not None or wrong.forward is None:
        return wrong
    try:
        return replace(wrong, value=np.asarray(wrong.forward(*wrong.inputs.values(), **wrong.config)[0]))
    except Exception:  # the user's code raises; without the value fewer faults are recognised
        return wrong


def named_arrays(wrong: Wrong) -> dict[str, np.ndarray]:
    """The arrays of numbers that a derivation may use: the inputs, and the output y."""
    value = {} if wrong.value is None else {"y": wrong.value}
    return {**floats(wrong), **value}
