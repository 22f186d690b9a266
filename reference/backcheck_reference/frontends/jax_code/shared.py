"""What the evaluations of JAX's primitives on exact numbers share.

A floating-point value is an `object` array of exact numbers, plain or a `Hull`; integers and booleans are ordinary
arrays, except where a hull leaves a comparison open: such a boolean is the ball [0, 1].
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from backcheck_reference.lazy import flint, is_ball
from backcheck_reference.numbers.balls import watched
from backcheck_reference.numbers.exact import pack
from backcheck_reference.numbers.literals import lift
from backcheck_reference.numbers.scalar_functions import number as number_of

Array = np.ndarray
Evaluation = Callable[..., Any]


def packed(shape: tuple[int, ...], numbers: list[Any]) -> Array:
    """A plain object array from its elements in order, without axes too."""
    return pack(shape, numbers).view(np.ndarray)


def number(value: float) -> Array:
    """One exact number as an array."""
    return packed((), [flint.arb(value)])


def exactly(array: Any) -> Array:
    """Numbers of any kind as exact ones, in a plain array; also where they stand among exact ones."""
    array = np.asarray(array)
    if array.dtype != object:
        return lift(array).view(np.ndarray)
    return array if all(map(is_ball, array.flat)) else packed(array.shape, [number_of(value) for value in array.flat])


def balls(array: Array) -> Array:
    """Any array as exact numbers; one that holds such stays what it is, hull or plain."""
    return array if array.dtype == object else exactly(array)


def truth(function: Callable[[Any], bool], x: Array) -> Array:
    """A yes or no about each ball, whatever its width."""
    return packed(x.shape, [function(value) for value in x.view(np.ndarray).flat]).astype(bool)


def select(which: Array, *cases: Array, **_: Any) -> Any:
    """JAX's select_n: at each entry the case of that number; both where a hull cannot say."""
    if which.dtype == object:
        return np.where(watched(which, *cases), balls(cases[1]), balls(cases[0]))
    chosen = cases[0]
    for at, case in enumerate(cases[1:], start=1):
        chosen = np.where(np.equal(which, at), case, chosen)
    return chosen
