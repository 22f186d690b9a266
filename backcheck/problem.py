"""One question to be answered: this network, at these arrays, with this cotangent, computed by this subject."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from backcheck.errors import BadInput
from backcheck.keys import OUTPUT, TensorKey, gradient
from backcheck_reference.frameworks.mirrors import MIRRORS, Mirror
from backcheck_reference.numbers.balls import BITS
from backcheck_reports import record
from scratch_bp.network import Network, forward, run, value_and_grad
from scratch_bp.rules import RULES, Rule

SUBJECT = record.SUBJECT  # the subject as a party


# (network, arrays, the output's cotangent) -> (value, gradient by array)
Engine = Callable[[Network, Mapping[str, np.ndarray], np.ndarray], tuple[np.ndarray, dict[str, np.ndarray]]]


class RuleTable(dict[str, Rule]):
    """Rules by name. Where the subject differentiates whole networks itself, `engine` does it in place of the rules."""

    engine: Engine | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """`arrays` and `dy` are floating point of one `dtype`; `rules` are the subject's, `mirrors` the frameworks'.

    `standin` has rules that compute the same function on exact numbers, for a subject that cannot run on them. `engine`
    is the subject when it differentiates whole networks itself; the rules are ours then. `drawn` says that nobody chose
    these numbers: they are to show faults, and may be larger and smaller than any that the code is meant for.
    `given_dy` is the cotangent that the caller gave, where a declaration of its author puts another in its place.
    `stairs` says by array how far slopes along it may be off where the forward is a staircase, as an iteration with a
    tolerance is.
    """

    network: Network
    arrays: Mapping[str, np.ndarray]
    dy: np.ndarray
    dtype: str
    rules: Mapping[str, Rule]
    mirrors: Mapping[str, Mirror] = field(default_factory=lambda: MIRRORS)
    standin: Mapping[str, Rule] | None = None
    engine: Engine | None = None
    stairs: Mapping[str, float] = field(default_factory=dict)
    drawn: bool = False
    given_dy: np.ndarray | None = None

    @property
    def asked(self) -> "Problem":
        """The problem as it was given, for those who ask it again."""
        return self if self.given_dy is None else replace(self, dy=self.given_dy, given_dy=None)

    @property
    def wanted(self) -> tuple[str, ...]:
        """The arrays whose gradients are judged."""
        return self.network.differentiable

    @property
    def gradients(self) -> tuple[TensorKey, ...]:
        """The keys of the gradients that are judged."""
        return tuple(map(gradient, self.wanted))

    @property
    def tensors(self) -> tuple[TensorKey, ...]:
        """The keys of all that every party is asked for: the value, and then the gradients."""
        return (OUTPUT, *self.gradients)

    def shape_of(self, key: TensorKey) -> tuple[int, ...]:
        """The shape of a tensor of the whole network; that of a promise is ()."""
        if key == OUTPUT:
            return self.dy.shape
        return self.arrays[key.name].shape if not key.node and key.name in self.arrays else ()

    def program(self, apply: Any, arrays: Mapping[str, Any]) -> Any:
        """Run the network by a framework: `apply(rule, *arrays, **config)` computes one node."""
        return run(self.network, arrays, apply)

    def function(self, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        """The subject's forward value."""
        if self.engine is not None:
            return np.asanyarray(self.engine(self.network, arrays, np.ones_like(self.dy))[0])
        return forward(self.network, arrays, self.rules).values[self.network.output]

    def vjp(self, arrays: Mapping[str, np.ndarray], dy: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """The subject's value and gradients, on floats or on exact numbers."""
        if self.engine is not None:
            return self.engine(self.network, arrays, dy)
        return value_and_grad(self.network, arrays, dy, self.rules)


def pose(
    network: Network,
    arrays: Mapping[str, np.ndarray],
    dy: np.ndarray | None = None,
    *,
    rules: Mapping[str, Rule] | None = None,
    mirrors: Mapping[str, Mirror] = MIRRORS,
    seed: int = 0,
) -> Problem:
    """Make a problem from a network and arrays. Every part is validated first.

    `dy` is the cotangent of the output; without it one is drawn, since a cotangent of ones hides whole terms. `rules`
    is our own table when not given. Raises BadInput for missing arrays, wrong shapes, mixed dtypes, and numbers that
    are not finite.
    """
    rules = RULES if rules is None else rules
    dtype = _one_dtype(network, arrays)
    for name, spec in network.arrays.items():
        if arrays[name].shape != tuple(spec.shape):
            raise BadInput(f"array {name!r} has shape {arrays[name].shape}; the network declares {tuple(spec.shape)}")
        if network.moves(name):  # a mask of minus infinity, which is not differentiated, is no bad input
            _finite(name, arrays[name])
    shape = np.shape(forward(network, arrays, rules).values[network.output])
    if dy is None:
        drawn = np.random.Generator(np.random.PCG64(seed)).uniform(0.5, 1.5, shape)
        dy = np.asarray(drawn).astype(arrays[network.differentiable[0]].dtype)
    if dy.shape != shape:
        raise BadInput(f"the cotangent has shape {dy.shape}; the network's output has {shape}")
    _finite("the cotangent", dy)
    return Problem(network, dict(arrays), dy, dtype, rules, mirrors, engine=getattr(rules, "engine", None))


def _one_dtype(network: Network, arrays: Mapping[str, np.ndarray]) -> str:
    missing = [name for name in network.arrays if name not in arrays]
    if missing:
        raise BadInput(f"no array {missing[0]!r} was given; the network reads {', '.join(network.arrays)}")
    dtypes = sorted({arrays[name].dtype.name for name in network.differentiable})
    if len(dtypes) != 1 or dtypes[0] not in BITS:
        found = ", ".join(dtypes) or "none"
        raise BadInput(f"the floating-point arrays must share one dtype of {', '.join(BITS)}; got {found}")
    return dtypes[0]


def _finite(name: str, array: np.ndarray) -> None:
    values = array.astype(np.float64)
    if not np.isfinite(values).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(values))[0])
        raise BadInput(f"{name} has {values[where]} at {list(where)}; gradients are checked at finite numbers only")
