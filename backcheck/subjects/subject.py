"""Somebody's code as a problem for the engine: one node that stands for it, with mirrors where they are given."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from backcheck.errors import BadInput
from backcheck.keys import OUTPUT
from backcheck.problem import Problem, pose
from backcheck.session import among
from backcheck.signature import takes
from backcheck.subjects.pairs.pair import pack
from backcheck.verdicts.parties import ORACLES
from backcheck_reference.frameworks.mirrors import Mirror
from scratch_bp.network import FIXED, ArraySpec, Network, Node
from scratch_bp.rules import Rule

NODE = "y"


@dataclass(frozen=True, slots=True)
class Own:
    """The subject: what the engine runs, and what a person calls it.

    `rule` takes exact numbers and floats alike; `names` are those of its arrays; `moves` says which have a gradient;
    `torch` and `jax` are the same function in the frameworks, and `standin` is one of them on exact numbers; `source`
    is the lines of a reproducer that bring the functions in and `call` the one that checks them, with `inputs` arrays
    by position when the others are parameters of an object; `without` has the rule with 0 for each small constant of
    its forward; `ordinary` says that it is NumPy code, and not a framework's; `stale` how one call spoils the next;
    `options` are what else the one that checks them was given, in source text.
    """

    name: str
    rule: Rule
    names: tuple[str, ...]
    moves: tuple[bool, ...]
    torch: Callable[..., Any] | None = None
    jax: Callable[..., Any] | None = None
    notes: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    call: str = ""
    standin: Rule | None = None
    inputs: int | None = None
    without: Mapping[str, tuple[float, Rule]] = field(default_factory=dict)
    ordinary: bool = True
    stale: str = ""
    options: tuple[str, ...] = ()

    @property
    def oracles(self) -> tuple[str, ...]:
        asked = {"torch": self.torch, "jax": self.jax}
        return among(name for name in ORACLES if asked.get(name, True) is not None)

    def problem(
        self, arrays: Sequence[np.ndarray], config: Mapping[str, Any], cotangent: Any = None, seed: int = 0
    ) -> Problem:
        """The question at these arrays. Raises BadInput for what cannot be asked."""
        named = dict(zip(self.names, arrays, strict=True))
        specs = {n: _spec(a, moves) for (n, a), moves in zip(named.items(), self.moves, strict=True)}
        network = Network(specs, (Node(NODE, self.name, self.names, dict(config)),), NODE)
        mirror = Mirror(_packed(self.torch), _packed(self.jax))
        dtype = named[network.differentiable[0]].dtype
        dy = None if cotangent is None else np.asarray(pack(cotangent)[0]).astype(dtype)
        rules = {self.name: named_rule(self.rule, self.names)}
        posed = pose(network, named, dy, rules=rules, mirrors={self.name: mirror}, seed=seed)
        return replace(posed, standin={self.name: named_rule(self.standin, self.names)}) if self.standin else posed


class Argument(inspect.Parameter):
    """A parameter that is called what its array is called, `fc1.W` too, which Python has no identifier for."""

    def __init__(self, shown: str) -> None:
        super().__init__("array", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        self.shown = shown

    @property
    def name(self) -> str:
        return self.shown


class Named:
    """A forward with these names for its arrays in its signature, made when the engine looks for them."""

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


def named_rule(rule: Rule, names: Sequence[str]) -> Rule:
    """The rule with these names for its arrays."""
    return Rule(Named(rule.forward, names), rule.backward)


def _spec(array: np.ndarray, moves: bool) -> ArraySpec:
    classes = int(array.max(initial=0)) + 1 if array.dtype.kind in "iub" else None
    return ArraySpec(array.shape, "parameter" if moves else FIXED, classes)


def _packed(function: Callable[..., Any] | None) -> Any:
    """A framework's function with several outputs as one with all of them end to end."""
    if function is None:
        return None

    def packed(*arrays: Any, **config: Any) -> Any:
        y = function(*arrays, **config)
        parts = list(y.values()) if isinstance(y, Mapping) else list(y) if isinstance(y, tuple | list) else [y]
        if len(parts) == 1:
            return parts[0]
        flat = [part.reshape(-1) for part in parts if "int" not in str(part.dtype) and "bool" not in str(part.dtype)]
        return _concatenated(flat)

    return packed


def _concatenated(parts: list[Any]) -> Any:
    if type(parts[0]).__module__.startswith("torch"):
        from backcheck_reference.lazy import torch

        return torch.cat(parts)
    from backcheck_reference.lazy import jnp

    return jnp.concatenate(parts)


def as_arrays(arrays: Sequence[Any], dtype: Any) -> list[np.ndarray]:
    """The arrays as NumPy's, the floating-point ones in `dtype` when it is said. Raises BadInput for other kinds."""
    found = []
    wanted = None if dtype is None else _dtype(dtype)
    for at, given in enumerate(arrays, start=1):
        array = _array(at, given)
        if array.dtype.kind in "cOSUmM":
            raise BadInput(
                f"array {at} has dtype {array.dtype}; gradients are checked for real floating-point arrays "
                "(float16, bfloat16, float32, float64), with integers and booleans beside them"
            )
        found.append(array if wanted is None or array.dtype.kind in "iub" else array.astype(wanted))
    return found


def _array(at: int, given: Any) -> np.ndarray:
    try:
        return np.asarray(given)
    except Exception as error:
        raise BadInput(f"array {at} is no array: {error}") from error


def _dtype(asked: Any) -> np.dtype:
    try:
        found = np.dtype(asked)
    except TypeError as error:
        raise BadInput(f"dtype={asked!r}: {error}") from error
    if found.kind in "iubcOSUmM":
        raise BadInput(f"dtype={asked!r}: gradients are checked in float16, bfloat16, float32 or float64")
    return found


def floats(arrays: Sequence[Any], dtype: Any) -> list[np.ndarray]:
    """The arrays as `as_arrays` has them. Raises BadInput when none of them is of floating-point numbers."""
    found = as_arrays(arrays, dtype)
    if not any(array.dtype.kind not in "iub" for array in found):
        raise BadInput("none of the arrays holds floating-point numbers, so there is no gradient; pass 1.0 for 1")
    return found


def names_of(function: Callable[..., Any], count: int) -> tuple[str, ...]:
    """What the function calls its first `count` arrays."""
    found = takes(function).names[:count]
    return distinct([*found, *(f"array{at}" for at in range(len(found), count))])


def distinct(names: Sequence[str]) -> tuple[str, ...]:
    """The names, each once. No array may be called what the forward value is called."""
    found: list[str] = []
    for name in names:
        while name in (str(OUTPUT), NODE, *found):
            name += "_"
        found.append(name)
    return tuple(found)
