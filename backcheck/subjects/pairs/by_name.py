"""Gradients that backward returns by name: in a dictionary, a named tuple or an object with attributes.

They go by their names, `x` or by a custom `dx`, `grad_x`, `x_grad`, and not by the order in which they came. A named
tuple none of whose names fits an array is a tuple like any other.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from backcheck.errors import BadInput
from backcheck.subjects.pairs.outputs import each_of

CUSTOMS = ("d{}", "grad_{}", "{}_grad", "d_{}", "g{}", "grad{}", "grads_{}", "delta_{}")


def by_name(backward: Callable[..., Any], names: Sequence[str], forward: str) -> Callable[..., Any]:
    """`backward` with its gradients in the order of the arrays, which have these names in `forward`."""

    @functools.wraps(backward)
    def ordered(saved: Any, dy: Any) -> Any:
        return in_order(backward(saved, dy), names, forward)

    return ordered


def in_order(result: Any, names: Sequence[str], forward: str) -> Any:
    """The gradients as a list in the order of the names, None for those that are not there; what has no names as it is.

    Raises BadInput where the names are others.

    >>> in_order({"dw": 2.0, "dx": 1.0}, ("x", "w"), "product")
    [1.0, 2.0]
    """
    held = named(result, names)
    if held is None or len(held) == len(names) == 1:
        return result if held is None else list(held.values())
    found = matched(list(held), names)
    if found is None:
        came, wanted = ", ".join(map(str, held)), ", ".join(names)
        raise BadInput(
            f"backward returned gradients by name ({came}), and the arrays of {forward} are called {wanted}; call each "
            f"as its array (or d{names[0]}, grad_{names[0]}), or return a tuple in their order"
        )
    return [held[found[name]] if name in found else None for name in names]


def named(result: Any, names: Sequence[str]) -> dict[Any, Any] | None:
    """What a dictionary holds; and a named tuple or an object, where any of its names fits one of these.

    None for all else: arrays, numbers, lists, plain tuples.
    """
    if isinstance(result, Mapping):
        return dict(result)
    if isinstance(result, np.ndarray | np.generic) or hasattr(result, "__array__"):
        return None
    held = result._asdict() if hasattr(result, "_asdict") else getattr(result, "__dict__", {})
    return dict(held) if any(matched([key], names) for key in held) else None


def matched(keys: Sequence[Any], names: Sequence[str]) -> dict[str, Any] | None:
    """The key of each name; None where a key is that of no name, or of several.

    All keys by one custom come first: beside `x` and `dx`, the keys `dx` and `ddx` are their gradients.
    """
    for custom in ("{}", *CUSTOMS):
        found = {custom.format(name): name for name in names}
        if all(key in found for key in keys):
            return {found[key]: key for key in keys}
    for same in (str, str.lower):
        fits = {
            key: [n for n in names for c in ("{}", *CUSTOMS) if same(c.format(n)) == same(str(key))] for key in keys
        }
        if all(len(each) == 1 for each in fits.values()) and len({each[0] for each in fits.values()}) == len(keys):
            return {each[0]: key for key, each in fits.items()}
    return None


def cotangents(dy: Any, arguments: Sequence[str]) -> list[Any]:
    """One cotangent for each of these arguments of backward: by the names of the outputs where those fit, `dh` for the
    output `h`, else in their order.

    >>> cotangents({"c": 1.0, "h": 2.0}, ("dh", "dc"))
    [2.0, 1.0]
    """
    held = dy if isinstance(dy, Mapping) else dy._asdict() if hasattr(dy, "_asdict") else {}
    fits = matched(list(arguments), list(map(str, held))) if len(held) == len(arguments) else None
    if fits is None:
        return each_of(dy)
    outputs = {argument: output for output, argument in fits.items()}
    return [held[outputs[argument]] for argument in arguments]
