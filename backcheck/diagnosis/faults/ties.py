"""Ties of a maximum or a minimum: over axes, or over the windows of a pooling."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from backcheck.diagnosis.faults.fit import at_kinks, axis_sets, close, equals, matches
from backcheck.diagnosis.faults.words import axes_in_words
from backcheck.diagnosis.faults.wrong_gradient import Wrong, first, options

Windows = list[tuple[np.ndarray, float]]  # for each output: the flat places of the entries it reads, and its dy


def _copied(x: np.ndarray, windows: Windows, sign: int) -> tuple[np.ndarray, int]:
    """dy copied to every entry that is the extreme of its window, and the largest number of ties in a window."""
    copied, most = np.zeros(x.size), 0
    flat = sign * x.ravel()
    for members, cotangent in windows:
        tied = members[flat[members] == flat[members].max()]
        copied[tied] += cotangent
        most = max(most, len(tied))
    return copied.reshape(x.shape), most


def _by_axes(x: np.ndarray, dy: np.ndarray, axes: tuple[int, ...]) -> Windows | None:
    """The windows of a reduction over these axes; None where dy has another size."""
    index = np.arange(x.size).reshape(x.shape)
    rest = [axis for axis in range(x.ndim) if axis not in axes]
    places = index.transpose(*rest, *axes).reshape(-1, math.prod(x.shape[axis] for axis in axes))
    if places.shape[-1] == 1 or len(places) != dy.size:
        return None
    return list(zip(places, dy.ravel().tolist(), strict=True))


def _by_window(x: np.ndarray, dy: np.ndarray, size: tuple[int, ...], step: tuple[int, ...]) -> Windows | None:
    """The windows of a pooling over the last axes; None where dy has another size."""
    if len(size) > x.ndim or any(k > n for k, n in zip(size, x.shape[-len(size) :], strict=True)):
        return None
    last = tuple(range(x.ndim - len(size), x.ndim))
    windows = sliding_window_view(np.arange(x.size).reshape(x.shape), size, axis=last)
    steps = (slice(None, None, s) for s in step)
    at: tuple[Any, ...] = (..., *steps, *(slice(None) for _ in size))
    windows = windows[at]
    places = windows.reshape(-1, math.prod(size))
    return list(zip(places, dy.ravel().tolist(), strict=True)) if len(places) == dy.size else None


WINDOW_NAMES = ("size", "kernel", "kernel_size", "window", "pool", "pool_size", "k")


def _reductions(wrong: Wrong) -> Iterator[tuple[str, Windows]]:
    """The ways in which each output may be the extreme of a window of inputs."""
    x, said = first(wrong), options(wrong)
    for axes in axis_sets(x.ndim):
        found = _by_axes(x, wrong.dy, axes)
        if found:
            yield f"the maximum over {axes_in_words(axes)}", found
    for name in WINDOW_NAMES:
        for size, step in _windows(said.get(name), said.get("stride")):
            found = _by_window(x, wrong.dy, size, step)
            if found:
                yield f"the window of {name} {said[name]}", found


def _windows(size: Any, stride: Any) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """The size and the step of a window, in two dimensions and then in one."""
    if not isinstance(size, int | tuple | list):
        return
    for dims in (2, 1):
        if np.size(size) in (1, dims):
            yield tuple(np.broadcast_to(size, dims)), tuple(np.broadcast_to(stride or size, dims))


def ties(wrong: Wrong) -> str | None:
    """Where two entries are the maximum, they share one cotangent; got gives it to each of them."""
    x = first(wrong)
    if x.shape != wrong.got.shape or not np.any(wrong.got):
        return None
    for words, windows in _reductions(wrong):
        for sign in (1, -1):
            copied, most = _copied(x, windows, sign)
            if most > 1 and matches(wrong, copied) and _shared(wrong, windows, copied):
                return (
                    f"dy is copied to all entries tied in {words}, {most} of them at most: "
                    f"their gradients sum to {most} x dy, not to dy"
                )
    return None


def _shared(wrong: Wrong, windows: Windows, copied: np.ndarray) -> bool:
    """Whether the truth gives each cotangent away once in all."""
    if wrong.known is not None:
        return _shared_in_part(wrong, wrong.known, copied)
    total = sum(cotangent for _, cotangent in windows)
    if wrong.lower is not None and wrong.upper is not None:
        return bool(wrong.lower.sum() <= total <= wrong.upper.sum())  # `want` is one choice between these
    return bool(close(np.array(wrong.want.sum()), np.array(total), wrong.digits))


def _shared_in_part(wrong: Wrong, known: np.ndarray, copied: np.ndarray) -> bool:
    """Where the truth is known, it is the copied dy, or at a tie anything from zero to it."""
    if wrong.lower is None or wrong.upper is None:
        return False
    tied = at_kinks(wrong)
    low, high = (np.where(tied, end(copied, 0.0), copied)[known] for end in (np.minimum, np.maximum))
    return equals(wrong.lower[known], low, wrong.digits) and equals(wrong.upper[known], high, wrong.digits)
