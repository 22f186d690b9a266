"""The operation at which a backward lost its numbers: the first that made a NaN or an infinity of finite operands.

The forward and the backward run on float arrays that watch what becomes of them. Code that goes its own way (compiled
functions, `np.asarray`) is not seen, and then nothing is said.
"""

import linecache
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import backcheck
from backcheck.problem import Problem

# how an operation is written; all others as functions
SIGNS = {"divide": "/", "multiply": " * ", "subtract": " - ", "add": " + ", "power": " ** ", "float_power": " ** "}
OURS = (str(Path(np.__file__).parent), str(Path(backcheck.__file__).parent))


@dataclass(slots=True)
class LostNumber:
    """What was seen first: the operation with its operands, the line it stands in, and the place in the arrays.

    `on` is off while forward runs: what is not finite there is another matter.
    """

    on: bool = False
    operation: str = ""
    line: str = ""
    place: tuple[int, ...] = field(default=())


class WatchedFloats(np.ndarray):
    """A float array that tells its `loss` of the first operation that loses a number."""

    loss: LostNumber | None = None

    def __array_finalize__(self, parent: Any) -> None:
        self.loss = getattr(parent, "loss", None)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        loss = next((each.loss for each in (*inputs, *(out or ())) if isinstance(each, WatchedFloats)), None)
        plain = [_plain(each) for each in inputs]
        before = [np.array(each) for each in plain] if loss is not None and loss.on else plain
        if out is not None:
            options["out"] = tuple(map(_plain, out))
        result = getattr(ufunc, method)(*plain, **options)
        if loss is not None and loss.on and not loss.operation and not isinstance(result, tuple):
            _look(loss, ufunc.__name__, before, result, elementwise=method == "__call__")
        return out[0] if out is not None else _watched(result, loss)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        result = function(*map(_deeply_plain, args), **{name: _deeply_plain(each) for name, each in kwargs.items()})
        return _watched(result, self.loss)


def _plain(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, WatchedFloats) else value


def _deeply_plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return type(value)(map(_deeply_plain, value))
    return _plain(value)


def _watched(result: Any, loss: LostNumber | None) -> Any:
    if isinstance(result, tuple):
        return tuple(_watched(each, loss) for each in result)
    if isinstance(result, np.generic) and result.dtype.kind == "f":
        result = np.asarray(result)
    if not isinstance(result, np.ndarray) or result.dtype.kind != "f":
        return result
    kept = result.view(WatchedFloats)
    kept.loss = loss
    return kept


def _look(loss: LostNumber, name: str, operands: list[Any], result: Any, elementwise: bool) -> None:
    found = np.asarray(result)
    if found.dtype.kind != "f" or np.isfinite(found).all():
        return
    lost = ~np.isfinite(found)
    if elementwise:
        with np.errstate(all="ignore"):
            spread = np.broadcast_arrays(*(np.asarray(each, dtype=np.float64) for each in operands))
        lost = lost & np.logical_and.reduce([np.isfinite(each) for each in spread])
        if not lost.any():
            return
        at = tuple(map(int, np.argwhere(lost)[0]))
        loss.operation, loss.place = _written(name, [float(each[at]) for each in spread]), at
    elif all(np.isfinite(np.asarray(each, dtype=np.float64)).all() for each in operands):
        loss.operation = f"a {name} that overflows"
    if loss.operation:
        loss.line = _line()


def _written(name: str, values: list[float]) -> str:
    shown = [f"{value:.6g}" for value in values]
    if name in SIGNS and len(shown) == 2:
        return SIGNS[name].join(f"({each})" if at and each.startswith("-") else each for at, each in enumerate(shown))
    return f"{name}({', '.join(shown)})"


def _line() -> str:
    """The innermost line of code that is neither NumPy's nor ours."""
    frame = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(OURS):
            return linecache.getline(file, frame.f_lineno).strip()
        frame = frame.f_back  # type: ignore[assignment]  # the outermost has none
    return ""


def said(problem: Problem) -> str:
    """Where the backward of a problem of one node loses its numbers: "0/0 at x = 0, in `return dy * y / x`".

    Empty where nothing was seen.
    """
    (node,) = problem.network.nodes
    rule, loss = problem.rules[node.rule], LostNumber()
    inputs = [_watched(problem.arrays[name].copy(), loss) for name in node.reads]
    try:
        with np.errstate(all="ignore"):
            _, saved = rule.forward(*inputs, **node.config)
            loss.on = True
            rule.backward(saved, _watched(problem.dy.copy(), loss))
    except Exception:  # code that does not take such arrays
        return ""
    return _in_words(loss, problem.arrays) if loss.operation else ""


def _in_words(loss: LostNumber, arrays: Mapping[str, np.ndarray]) -> str:
    there = [
        f"{name} = {float(array[loss.place]):.6g}"
        for name, array in arrays.items()
        if loss.place and array.dtype.kind == "f" and _reaches(array, loss.place)
    ]
    where = f" at {' and '.join(there[:2])}" if there else f" at {list(loss.place)}" if loss.place else ""
    return f"{loss.operation}{where}" + (f", in `{loss.line}`" if loss.line else "")


def _reaches(array: np.ndarray, place: tuple[int, ...]) -> bool:
    return len(array.shape) == len(place) and all(i < n for i, n in zip(place, array.shape, strict=True))
