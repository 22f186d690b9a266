"""JAX grad as an oracle, without the wait.

Every rule is compiled by itself (`jax_pieces`), and the cotangents between the rules are added up here, by a reverse
pass that is neither the subject's nor PyTorch's. A drawn network whose sizes come from a small pool soon finds every
piece ready: one answers in a tenth of a millisecond, where `jax.grad` over the whole program spends one or two for each
node on tracing. The persistent compilation cache keeps the pieces from one process to the next.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from backcheck_reference.cache import cache_folder
from backcheck_reference.frameworks.jax_pieces import Moved, Piece, each_part, piece
from backcheck_reference.frameworks.mirrors import MIRRORS, Mirror
from backcheck_reference.frameworks.torch_oracle import Program
from backcheck_reference.lazy import OtherShape, jax


@functools.cache
def prepare() -> None:
    """Turn float64 on and the compilation cache on, once, before the first array is made.

    Raises Unavailable when JAX is not installed.
    """
    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_compilation_cache_dir", str(cache_folder("jax")))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def _gathered(value: Any, totals: Mapping[int, Any], zeros: Callable[[Any], Any]) -> Any:
    """The cotangent of a value as it was added up, None where there is none. Unread outputs have zeros."""
    if type(value) is not tuple:
        return totals.get(id(value))
    if not any(id(part) in totals for part in value):
        return None
    return tuple(totals[id(part)] if id(part) in totals else zeros(part) for part in value)


class Tape:
    """The calls of one run of a program, in order. A value is known by its id."""

    def __init__(self, mirrors: Mapping[str, Mirror]) -> None:
        self.mirrors = mirrors
        self.calls: list[tuple[Piece, tuple[Any, ...], Any]] = []

    def apply(self, rule: str, *arrays: np.ndarray, **config: Any) -> np.ndarray:
        one = piece(self.mirrors[rule].jax, config)
        value, _ = one(arrays, one.zeros(arrays))
        self.calls.append((one, arrays, value))
        return value

    def pull(self, output: np.ndarray, dy: np.ndarray) -> dict[int, np.ndarray]:
        """The cotangent of every value that the output depends on, by the value's id."""
        totals = {id(output): dy}
        for one, arrays, value in reversed(self.calls):
            dy_value = _gathered(value, totals, np.zeros_like)
            if dy_value is None:
                continue
            _, grads = one(arrays, dy_value)
            for array, grad in zip(arrays, grads, strict=True):
                if grad is not None:
                    totals[id(array)] = totals[id(array)] + grad if id(array) in totals else grad
        return totals


def value_and_grad(
    program: Program,
    arrays: Mapping[str, np.ndarray],
    dy: np.ndarray,
    wanted: tuple[str, ...],
    mirrors: Mapping[str, Mirror] = MIRRORS,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The program's output and the gradient of sum(dy * output) by each wanted array, every rule's by `jax.vjp`.

    Raises Unavailable when JAX is not installed, and OtherShape when the output has not that of `dy`.
    """
    prepare()
    own = {name: array.copy() for name, array in arrays.items()}
    tape = Tape(mirrors)
    output = program(tape.apply, own)
    if np.shape(output) != dy.shape:
        raise OtherShape(np.shape(output))
    totals = tape.pull(output, dy)
    return output, {name: totals.get(id(own[name]), np.zeros_like(own[name])) for name in wanted}


class SecondTape:
    """A tape of arrays that move along a direction: forward over reverse, rule by rule."""

    def __init__(self, mirrors: Mapping[str, Mirror]) -> None:
        self.mirrors = mirrors
        self.calls: list[tuple[Piece, tuple[Moved, ...], Moved]] = []

    def apply(self, rule: str, *moved: Moved, **config: Any) -> Any:
        one = piece(self.mirrors[rule].jax, config)
        zeros = one.zeros(tuple(m.at for m in moved))
        value, _ = one.push(moved, each_part(lambda part: Moved(part, part), zeros))
        self.calls.append((one, moved, value))
        return value

    def pull(self, output: Moved, dy: Moved) -> dict[int, Moved]:
        totals = {id(output): dy}
        for one, moved, value in reversed(self.calls):
            dy_value = _gathered(value, totals, lambda part: Moved(np.zeros_like(part.at), np.zeros_like(part.at)))
            if dy_value is None:
                continue
            _, grads = one.push(moved, dy_value)
            for array, grad in zip(moved, grads, strict=True):
                if grad is not None:
                    if before := totals.get(id(array)):
                        along = None if before.along is None or grad.along is None else before.along + grad.along
                        grad = Moved(before.at + grad.at, along)
                    totals[id(array)] = grad
        return totals


def hessian_vector(
    program: Program,
    arrays: Mapping[str, np.ndarray],
    dy: np.ndarray,
    wanted: tuple[str, ...],
    v: Mapping[str, np.ndarray],
    mirrors: Mapping[str, Mirror] = MIRRORS,
) -> dict[str, np.ndarray]:
    """The derivative along `v` of the gradient of sum(dy * output), every rule's by `jax.jvp` of its `jax.vjp`.

    Raises Unavailable when JAX is not installed.
    """
    prepare()
    own = {name: Moved(array.copy(), v.get(name)) for name, array in arrays.items()}
    tape = SecondTape(mirrors)
    totals = tape.pull(program(tape.apply, own), Moved(dy, np.zeros_like(dy)))
    zeros = {name: Moved(np.zeros_like(arrays[name]), np.zeros_like(arrays[name])) for name in wanted}
    return {name: np.asarray(totals.get(id(own[name]), zeros[name]).along) for name in wanted}


def whole_program(
    program: Callable[..., Any], arrays: Mapping[str, np.ndarray], dy: np.ndarray, wanted: tuple[str, ...]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The same by `jax.vjp` over the whole program, nothing added up here: the slow way, for comparison."""
    prepare()

    def apply(rule: str, *values: Any, **config: Any) -> Any:
        return MIRRORS[rule].jax(*values, **config)

    fixed = {name: array for name, array in arrays.items() if name not in wanted}
    output, pull = jax.vjp(lambda free: program(apply, {**fixed, **free}), {name: arrays[name] for name in wanted})
    (grads,) = pull(jax.numpy.asarray(dy))
    return np.asarray(output), {name: np.asarray(grad) for name, grad in grads.items()}
