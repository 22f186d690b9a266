"""One rule in JAX, compiled once for each shape: its mirror's value together with its gradients by `jax.vjp`.

XLA compiles for each function and shape, which takes a tenth of a second. So what is compiled is not a network but a
rule: the pieces of one network serve the next.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from backcheck_reference.lazy import jax


@dataclass(frozen=True, slots=True)
class Moved:
    """An array and its derivative along a direction. Not a tuple: a tuple holds the values of several outputs."""

    at: np.ndarray
    along: np.ndarray | None


class Compiled:
    """How many shapes were compiled. Each takes a megabyte, and several of the some 65,000 memory mappings that the
    system allows a process: without a bound a run of 5,000 networks died."""

    most = 1_000

    def __init__(self) -> None:
        self._count = 0

    def one_more(self) -> None:
        """Count a shape, and forget all that is compiled when there are too many; the cache on disk still has it."""
        self._count += 1
        if self._count > self.most:
            self.forget()

    def forget(self) -> None:
        self._count = 0
        cached_piece.cache_clear()
        jax.clear_caches()


_COMPILED = Compiled()


def forget() -> None:
    """Forget all that is compiled: it is most of what a long run holds, 7 MB more with every drawn network."""
    _COMPILED.forget()


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

        # XLA's simplifier aborts, and the process with it, on gradients of some convolutions with stride and dilation
        apart = all(np.max(config.get(name) or 1) > 1 for name in ("stride", "dilation"))
        options = {"xla_disable_hlo_passes": "algsimp"} if apart else None
        self._mirror = mirror
        self._both, self._second = (jax.jit(each, compiler_options=options) for each in (both, twice))
        self._shapes: dict[Any, Any] = {}

    def zeros(self, arrays: tuple[np.ndarray, ...]) -> Any:
        """A cotangent of zeros: with it the one compiled function serves for the forward run too."""
        key = tuple((a.shape, a.dtype) for a in arrays)
        if key not in self._shapes:
            _COMPILED.one_more()
            self._shapes[key] = jax.eval_shape(self._mirror, *arrays)
        return each_part(lambda said: np.zeros(said.shape, said.dtype), self._shapes[key])

    def push(self, moved: tuple["Moved", ...], dy: Any) -> tuple[Any, list["Moved | None"]]:
        """The value and the gradients, and the derivatives of both along a direction: `jax.jvp` of the same function.

        An index array does not move: it comes, and its gradient goes, without a derivative.
        """
        fixed = {i: m.at for i, m in enumerate(moved) if m.along is None}
        at, along = ([getattr(m, part) for m in moved if m.along is not None] for part in ("at", "along"))
        dy_at, dy_along = each_part(lambda part: part.at, dy), each_part(lambda part: part.along, dy)
        (value, grads), (dvalue, dgrads) = self._second((at, dy_at), fixed, (along, dy_along))
        pairs = iter(Moved(np.asarray(g), np.asarray(dg)) for g, dg in zip(grads, dgrads, strict=True))
        sides = each_part(np.asarray, value), each_part(np.asarray, dvalue)
        both = tuple(map(Moved, *sides)) if isinstance(value, tuple) else Moved(*sides)
        return both, [None if i in fixed else next(pairs) for i in range(len(moved))]

    def __call__(self, arrays: tuple[np.ndarray, ...], dy: np.ndarray) -> tuple[np.ndarray, list[np.ndarray | None]]:
        fixed = {i: a for i, a in enumerate(arrays) if a.dtype.kind in "iub"}
        free = [a for i, a in enumerate(arrays) if i not in fixed]
        value, found = self._both(free, fixed, dy)
        grads = iter(found)
        return each_part(np.asarray, value), [
            None if i in fixed else np.asarray(next(grads)) for i in range(len(arrays))
        ]


def each_part(function: Callable[[Any], Any], value: Any) -> Any:
    """The function of a value, or of each part of a value of several outputs."""
    return tuple(map(function, value)) if type(value) in (tuple, list) else function(value)


@functools.lru_cache(maxsize=4096)
def cached_piece(function: Callable[..., Any], config: tuple[tuple[str, Any], ...]) -> Piece:
    return Piece(function, dict(config))


def piece(function: Callable[..., Any], config: Mapping[str, Any]) -> Piece:
    """The compiled piece for a mirror and its configuration. With options that cannot be hashed it is not kept."""
    try:
        return cached_piece(function, tuple(sorted(config.items())))
    except TypeError:
        return Piece(function, config)
