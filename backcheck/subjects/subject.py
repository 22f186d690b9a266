"""Somebody's code as a problem for the engine: one node that stands for it, with mirrors where they are given."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backcheck.complex_numbers import as_real, is_complex, parts_of_output
from backcheck.problem import Problem, pose
from backcheck.session import among
from backcheck.subjects.arrays import NODE, is_integer
from backcheck.subjects.first_call import FirstCall
from backcheck.subjects.pairs.framework_callables import is_tensor
from backcheck.subjects.pairs.generators import NO_GENERATORS, Generators, generators_of
from backcheck.subjects.pairs.outputs import each_of, pack
from backcheck.subjects.user_code import UserCode
from backcheck.verdicts.parties import ORACLES
from backcheck_reference.frameworks.mirrors import Mirror
from backcheck_reference.frontends.judged import judged_in
from backcheck_reference.lazy import Unavailable
from scratch_bp.network import FIXED, ArraySpec, Network, Node
from scratch_bp.rules import Rule


@dataclass(frozen=True, slots=True)
class Subject:
    """What is judged: the code, what the engine runs of it, the names of its arrays, and what its first call showed."""

    code: UserCode
    rule: Rule
    names: tuple[str, ...]
    seen: FirstCall

    @property
    def generators(self) -> Generators:
        """Those that it draws its random numbers from."""
        return self.seen.behaviour.generators

    @property
    def name(self) -> str:
        return self.code.name

    @property
    def oracles(self) -> tuple[str, ...]:
        asked = {"torch": self.code.torch, "jax": self.code.jax}
        return among(name for name in ORACLES if asked.get(name, True) is not None)

    @property
    def mirror(self) -> Mirror:
        """The frameworks' functions, with several outputs as one."""
        return Mirror(_packed(self.code.torch, self.generators), _packed(self.code.jax, self.generators))

    def problem(
        self, arrays: Sequence[np.ndarray], config: Mapping[str, Any], cotangent: Any = None, seed: int = 0
    ) -> Problem:
        """The question at these arrays. Raises BadInput for what cannot be asked."""
        named = dict(zip(self.names, arrays, strict=True))
        specs = {name: self._spec(name, array) for name, array in named.items()}
        network = Network(specs, (Node(NODE, self.name, self.names, dict(config)),), NODE)
        mirror = self.mirror
        dtype = named[network.differentiable[0]].dtype
        dy = None if cotangent is None else _cotangent(cotangent).astype(dtype)
        rules = {self.name: named_rule(_judged_in(dtype.name, self.rule), self.names)}
        posed = pose(network, named, dy, rules=rules, mirrors={self.name: mirror}, seed=seed)
        if self.code.standin is None:
            return posed
        return replace(posed, standin={self.name: named_rule(self.code.standin, self.names)})

    def _spec(self, name: str, array: np.ndarray) -> ArraySpec:
        moves = name not in self.seen.fixed and not is_integer(array)
        classes = int(array.max(initial=0)) + 1 if is_integer(array) else None
        return ArraySpec(array.shape, "parameter" if moves else FIXED, classes)


def _cotangent(given: Any) -> np.ndarray:
    """One array of what came in the form of y. A list of numbers is an array, of whole numbers too."""
    if isinstance(given, tuple | Mapping) or (isinstance(given, list) and any(map(np.ndim, given))):
        return np.asarray(pack(given)[0])
    found = np.asarray(given)
    return np.asarray(as_real(found)) if is_complex(found) else found


class Argument(inspect.Parameter):
    """A parameter that is called what its array is called, `fc1.W` too, which Python has no identifier for."""

    def __init__(self, shown: str) -> None:
        super().__init__("array", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        self.shown = shown

    @property
    def name(self) -> str:
        return self.shown


class NamedForward:
    """A forward with these names for its arrays in its signature, which is made only when the engine looks for it."""

    def __init__(self, forward: Callable[..., Any], names: Sequence[str]) -> None:
        self.forward, self.names = forward, names

    def __call__(self, *arrays: np.ndarray, **config: Any) -> Any:
        return self.forward(*arrays, **config)

    @property
    def __signature__(self) -> inspect.Signature:
        try:
            given = list(inspect.signature(self.forward).parameters.values())
        except (TypeError, ValueError):
            given = []
        options = [p for p in given if p.kind is p.KEYWORD_ONLY]
        return inspect.Signature([*map(Argument, self.names), *options])


def _judged_in(dtype: str, rule: Rule) -> Rule:
    """The rule with exact numbers that stand for numbers of this dtype."""

    def forward(*arrays: np.ndarray, **config: Any) -> tuple[Any, Any]:
        with judged_in(dtype):
            return rule.forward(*arrays, **config)

    def backward(saved: Any, dy: Any) -> tuple[Any, ...]:
        with judged_in(dtype):
            return tuple(rule.backward(saved, dy))

    forward.__wrapped__ = rule.forward  # type: ignore[attr-defined]  # has the signature, for who asks
    return Rule(forward, backward)


def named_rule(rule: Rule, names: Sequence[str]) -> Rule:
    """The rule with these names for its arrays."""
    return Rule(NamedForward(rule.forward, names), rule.backward)


def _packed(function: Callable[..., Any] | None, generators: Generators) -> Any:
    """A framework's function with several outputs as one with all of them end to end.

    It draws the same random numbers as the subject. Raises Unavailable where it draws from another generator: then it
    is another function.
    """
    if function is None:
        return None
    own = generators_of(function) if generators else NO_GENERATORS

    def packed(*arrays: Any, **config: Any) -> Any:
        with own.at(own.start):
            parts = [parts_of_output(part) for part in each_of(function(*arrays, **config))]
            others = {each.name for each in own.drawn_since(own.start).each} - {each.name for each in generators.each}
        if others:
            raise Unavailable(f"it draws other random numbers, from {' and '.join(sorted(others))}")
        if len(parts) == 1:
            return parts[0]
        return _concatenated(
            [part.reshape(-1) for part in parts if "int" not in str(part.dtype) and "bool" not in str(part.dtype)]
        )

    return packed


def _concatenated(parts: list[Any]) -> Any:
    # a framework is imported by those only who use it
    if is_tensor(parts[0]):
        from backcheck_reference.lazy import torch

        return torch.cat(parts)
    from backcheck_reference.lazy import jnp

    return jnp.concatenate(parts)
