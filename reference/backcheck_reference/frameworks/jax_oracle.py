"""JAX grad as an oracle, without the wait.

XLA compiles for each function and shape. What is compiled here is one *rule* at a time: its mirror's value together
with its vector-Jacobian product by `jax.vjp`. A drawn network whose sizes come from a small pool soon finds every
piece ready, and a piece once compiled answers in a tenth of a millisecond, where `jax.grad` over the whole program
spends one or two for each node on tracing. The cotangents between the rules are added up here, by a reverse pass that
is neither the subject's nor PyTorch's. The persistent compilation cache keeps the pieces over processes.
"""

import functools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from backcheck_reference.frameworks.mirrors import MIRRORS, Mirror
from backcheck_reference.frameworks.torch_oracle import Program
from backcheck_reference.lazy import jax


@functools.cache
def prepare() -> None:
    """Turn float64 on and the compilation cache on, once, before the first array is made.

    Raises Unavailable when JAX is not installed.
    """
    jax.config.update("jax_enable_x64", True)
    folder = Path(os.environ.get("BACKCHECK_CACHE", Path.home() / ".cache" / "backcheck")) / "jax"
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


@dataclass(frozen=True, slots=True)
class Moved:
    """An array and its derivative along a direction. No tuple: those are the values of several outputs."""

    at: np.ndarray
    along: np.ndarray | None


class Compiled:
    """How many shapes were compiled. Each takes a megabyte and several mappings of the process, of which the system
    allows some 65,000; without an end to it a run of 5,000 networks died."""

    most = 1_000

    def __init__(self) -> None:
        self._count = 0

    def one_more(self) -> None:
        """Forget all that is compiled now and then; the cache on disk has it still."""
        self._count += 1
        if self._count > self.most:
            self._count = 0
            kept.cache_clear()
            jax.clear_caches()


_COMPILED = Compiled()


def _options(config: Mapping[str, Any]) -> dict[str, str] | None:
    """XLA's simplifier aborts, and with it the process, on gradients of some convolutions with stride and dilation."""
    both = all(np.max(config.get(name) or 1) > 1 for name in ("stride", "dilation"))
    return {"xla_disable_hlo_passes": "algsimp"} if both else None


class Piece:
    """One rule with one configuration, compiled for each shape it meets: (arrays, dy) -> (value, gradients)."""

    def __init__(self, function: Callable[..., Any], config: Mapping[str, Any]) -> None:
        mirror = functools.partial(function, **config)

        def both(free: list[Any], fixed: dict[int, Any], dy: Any) -> tuple[Any, list[Any]]:
            def value_of(moved: list[Any]) -> Any:
                waiting = iter(moved)
                return mirror(*(fixed[i] if i in fixed else next(waiting) for i in range(len(free) + len(fixed))))

            value, pull = jax.vjp(value_of, free)
            return value, pull(dy)[0]

        def twice(at: Any, fixed: dict[int, Any], along: Any) -> Any:
            return jax.jvp(lambda free, dy: both(free, fixed, dy), at, along)

        self._mirror = mirror
        self._both, self._second = (jax.jit(each, compiler_options=_options(config)) for each in (both, twice))
        self._shapes: dict[Any, Any] = {}

    def zeros(self, arrays: tuple[np.ndarray, ...]) -> Any:
        """A cotangent of zeros: with it the one compiled function serves for the forward run too."""
        key = tuple((a.shape, a.dtype) for a in arrays)
        if key not in self._shapes:
            _COMPILED.one_more()
            self._shapes[key] = jax.eval_shape(self._mirror, *arrays)
        return _each(lambda said: np.zeros(said.shape, said.dtype), self._shapes[key])

    def push(self, moved: tuple["Moved", ...], dy: Any) -> tuple[Any, list["Moved | None"]]:
        """The value and the gradients, and the derivatives of both along a direction: `jax.jvp` of the same function.

        An index array does not move: it comes, and its gradient goes, without a derivative.
        """
        fixed = {i: m.at for i, m in enumerate(moved) if m.along is None}
        at, along = ([getattr(m, part) for m in moved if m.along is not None] for part in ("at", "along"))
        dy_at, dy_along = _each(lambda part: part.at, dy), _each(lambda part: part.along, dy)
        (value, grads), (dvalue, dgrads) = self._second((at, dy_at), fixed, (along, dy_along))
        pairs = iter(Moved(np.asarray(g), np.asarray(dg)) for g, dg in zip(grads, dgrads, strict=True))
        sides = _each(np.asarray, value), _each(np.asarray, dvalue)
        both = tuple(map(Moved, *sides)) if isinstance(value, tuple) else Moved(*sides)
        return both, [None if i in fixed else next(pairs) for i in range(len(moved))]

    def __call__(self, arrays: tuple[np.ndarray, ...], dy: np.ndarray) -> tuple[np.ndarray, list[np.ndarray | None]]:
        fixed = {i: a for i, a in enumerate(arrays) if a.dtype.kind in "iub"}
        free = [a for i, a in enumerate(arrays) if i not in fixed]
        value, found = self._both(free, fixed, dy)
        grads = iter(found)
        return _each(np.asarray, value), [None if i in fixed else np.asarray(next(grads)) for i in range(len(arrays))]


def _each(function: Callable[[Any], Any], value: Any) -> Any:
    """The function of a value, or of each part of a value of several outputs."""
    return tuple(map(function, value)) if type(value) in (tuple, list) else function(value)


def _gathered(value: Any, totals: Mapping[int, Any], zeros: Callable[[Any], Any]) -> Any:
    """The cotangent of a value as it was added up, None where there is none. Unread outputs have zeros."""
    if type(value) is not tuple:
        return totals.get(id(value))
    if not any(id(part) in totals for part in value):
        return None
    return tuple(totals[id(part)] if id(part) in totals else zeros(part) for part in value)


@functools.lru_cache(maxsize=4096)
def kept(function: Callable[..., Any], config: tuple[tuple[str, Any], ...]) -> Piece:
    return Piece(function, dict(config))


def piece(function: Callable[..., Any], config: Mapping[str, Any]) -> Piece:
    """The compiled piece for a mirror and its configuration; options such as lists make one for this call alone."""
    try:
        return kept(function, tuple(sorted(config.items())))
    except TypeError:
        return Piece(function, config)


class Tape:
    """The calls of one run of a program, in order; values are told apart by identity."""

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

    Raises Unavailable when JAX is not installed.
    """
    prepare()
    own = {name: array.copy() for name, array in arrays.items()}
    tape = Tape(mirrors)
    output = program(tape.apply, own)
    totals = tape.pull(output, dy)
    return output, {name: totals.get(id(own[name]), np.zeros_like(own[name])) for name in wanted}


class SecondTape:
    """The same over arrays that move along a direction: forward over reverse, rule by rule."""

    def __init__(self, mirrors: Mapping[str, Mirror]) -> None:
        self.mirrors = mirrors
        self.calls: list[tuple[Piece, tuple[Moved, ...], Moved]] = []

    def apply(self, rule: str, *moved: Moved, **config: Any) -> Any:
        one = piece(self.mirrors[rule].jax, config)
        zeros = one.zeros(tuple(m.at for m in moved))
        value, _ = one.push(moved, _each(lambda part: Moved(part, part), zeros))
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
                    before = totals.get(id(array))
                    totals[id(array)] = grad if before is None else _sum(before, grad)
        return totals


def _sum(a: Moved, b: Moved) -> Moved:
    return Moved(a.at + b.at, None if a.along is None or b.along is None else a.along + b.along)


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
