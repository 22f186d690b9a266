"""Somebody's (forward, backward) pair as a rule of the engine, whose form is looked at in every call.

What the pair raises, and what it returns that is no answer, becomes a RuleError with the rule's name. In a network the
rule that comes next would otherwise raise, and be blamed.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

import numpy as np

from backcheck.containment import raised
from backcheck.errors import RuleError
from backcheck.signature import Takes, takes
from scratch_bp.rules import RULES, Rule

Shapes = tuple[tuple[int, ...], ...]
ORDINARY = 0.5  # lies in the domain of every rule


class GivenArray(NamedTuple):
    """What is kept of an array from forward to backward."""

    shape: tuple[int, ...]
    moves: bool  # whether it has a gradient
    exact: bool


class RuleForm:
    """The two functions of one rule. `ours` is the rule that is known by this name, whose shapes the pair must have."""

    def __init__(self, name: str, forward: Callable[..., Any], backward: Callable[..., Any]) -> None:
        self.name, self._forward, self._backward = name, forward, backward
        self.given = (forward, backward)
        self.ours = RULES.get(name)
        self.taken: Takes = takes(forward)
        self._shapes: dict[str, Shapes | None] = {}

    def forward(self, arrays: Sequence[np.ndarray], config: Mapping[str, Any]) -> tuple[Any, Any]:
        """(y, saved) of these arrays, in the form that the engine takes."""
        given = tuple(GivenArray(a.shape, a.dtype.kind not in "iub", a.dtype == object) for a in arrays)
        result = self._calling(False, given, self._forward, *arrays, **config)
        if not (isinstance(result, tuple) and len(result) == 2):
            self._refuse(False, f"must return (y, saved); it returned {told(result)}")
        value, saved = result
        value = tuple(value) if isinstance(value, list) else value
        parts = value if isinstance(value, tuple) else (value,)
        for part in parts:
            if not (is_floating(part) or is_exact(given)):
                self._refuse(False, f"must return arrays of floating-point numbers; it returned {told(part)}")
        wanted = self.known_shapes(arrays, config)
        found = tuple(np.shape(part) for part in parts)
        if wanted is not None and found != wanted:
            self._refuse(False, f"returns {in_words(found)}, expected {in_words(wanted)}")
        return value, (given, saved)

    def backward(self, kept: tuple[Sequence[GivenArray], Any], dy: Any) -> tuple[Any, ...]:
        """One gradient for each array, or None; a single one may come as it is."""
        given, saved = kept
        found = self._calling(True, given, self._backward, saved, dy)
        grads = (found,) if isinstance(found, np.ndarray) and len(given) == 1 else found
        if not isinstance(grads, tuple | list) or len(grads) != len(given):
            wanted = "1 gradient" if len(given) == 1 else f"{len(given)} gradients, one for each array"
            self._refuse(True, f"must return {wanted}; it returned {told(found)}")
        for number, (array, grad) in enumerate(zip(given, grads, strict=True)):
            if grad is None:
                continue
            if array.moves and not (is_floating(grad) or is_exact(given)):
                self._refuse(True, f"returns for {self._argument(number)} {told(grad)}, expected an array of floats")
            if np.shape(grad) != array.shape:
                shapes = f"shape {list(np.shape(grad))}, expected {list(array.shape)}"
                self._refuse(True, f"returns a gradient by {self._argument(number)} of {shapes}")
        return tuple(grads)

    def _calling(
        self, backward: bool, given: Sequence[GivenArray], function: Callable[..., Any], *values: Any, **config: Any
    ) -> Any:
        try:
            return function(*values, **config)
        except (Exception, SystemExit) as error:  # anybody's code may do anything: it becomes the verdict, in words
            if is_exact(given) and not isinstance(error, SystemExit):  # the numbers may be what it does not take
                raise
            raise RuleError(f"{'backward ' if backward else ''}{raised(error)}") from error

    def _refuse(self, backward: bool, said: str) -> NoReturn:
        raise RuleError(f"{'backward' if backward else 'forward'} of {self.name} {said}")

    def _argument(self, number: int) -> str:
        return self.taken.names[number] if number < len(self.taken.names) else f"array {number + 1}"

    def known_shapes(self, arrays: Sequence[np.ndarray], config: Mapping[str, Any]) -> Shapes | None:
        """The shapes of the outputs of the rule that is known by this name; None where there is none or it raises."""
        if self.ours is None:
            return None
        indices = [array.tobytes() for array in arrays if array.dtype.kind in "iub"]
        key = repr(([array.shape for array in arrays], indices, sorted(config.items())))
        if key not in self._shapes:
            plain = [a if a.dtype.kind in "iub" else np.full(a.shape, ORDINARY) for a in arrays]
            try:
                with np.errstate(all="ignore"):
                    value = self.ours.forward(*plain, **config)[0]
            except Exception:  # an option that it does not have
                value = None
            parts = value if isinstance(value, tuple) else (value,)
            self._shapes[key] = None if value is None else tuple(np.shape(part) for part in parts)
        return self._shapes[key]


def formed(name: str, forward: Callable[..., Any], backward: Callable[..., Any]) -> Rule:
    """The pair as a rule that raises RuleError for what is no answer."""
    form = RuleForm(name, forward, backward)

    @functools.wraps(forward)  # its signature says names, axes and options
    def run(*arrays: np.ndarray, **config: Any) -> tuple[Any, Any]:
        return form.forward(arrays, config)

    return Rule(run, form.backward)


def is_exact(given: Sequence[GivenArray]) -> bool:
    return any(array.exact for array in given)


def is_floating(value: Any) -> bool:
    """Is this an array of floating-point numbers, or one such number?"""
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.kind == "f" or value.dtype.name == "bfloat16"
    return isinstance(value, float)


def told(value: Any) -> str:
    """What came, for a message."""
    if isinstance(value, np.ndarray | np.generic):
        return f"an array of {value.dtype}{list(value.shape)}"
    size = f" of {len(value)}" if isinstance(value, tuple | list | dict | str) else ""
    return "None" if value is None else f"a {type(value).__name__}{size}"


def in_words(shapes: Shapes) -> str:
    return " and ".join(f"shape {list(shape)}" for shape in shapes) or "nothing"
