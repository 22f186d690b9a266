"""In which order a user's backward takes what was saved and the cotangent, as the names of its arguments say."""

import functools
from collections.abc import Callable
from typing import Any

from backcheck.signature import Takes, takes
from backcheck.subjects.pairs import by_name

# what people call the cotangent: by the beginning of the name, and by all of it
COTANGENTS = ("dout", "d_out", "dy", "dz", "dnext", "dvalues", "dloss", "grad_out", "grad_y", "upstream", "cotangent")
SHORT = frozenset({"dl", "dh", "da", "ds", "grad", "grads", "gradient", "delta", "error", "g", "gy", "ct", "gout"})
# what people call that which forward keeps for backward
SAVED = ("cache", "saved", "ctx", "context", "memory", "residual", "tape")


def in_order(backward: Callable[..., Any]) -> Callable[..., Any]:
    """`backward` as backward(saved, dy).

    It may be written backward(dout, cache), as its own names say, or with a cotangent for each output:
    backward(dh, dc, cache).
    """
    taken = takes(backward)
    names = [name.lower() for name in (*taken.names, *([taken.rest] if taken.rest else []))]
    several = (_cotangents(taken) or 0) > 2
    last = len(names) > 1 and _swapped(names[0], names[-1 if several else 1])
    if not (several or last):
        return backward

    @functools.wraps(backward)
    def ordered(saved: Any, dy: Any) -> Any:
        own = taken.names[:-1] if last else taken.names[1:]
        given = by_name.cotangents(dy, own) if several else [dy]
        return backward(*given, saved) if last else backward(saved, *given)

    return ordered


def cotangents(backward: Callable[..., Any]) -> int | None:
    """How many arrays it asks for by position: those without a default, or one that may have it."""
    return _cotangents(takes(backward))


def _cotangents(taken: Takes) -> int | None:
    return (taken.required or min(1, len(taken.names))) if taken.known and not taken.rest else None


def _swapped(first: str, second: str) -> bool:
    """Is the cotangent the first of the two? Where the names leave it open it is not."""
    if second.startswith(SAVED) or first.startswith(SAVED):
        return second.startswith(SAVED) and not first.startswith(SAVED)
    return _is_cotangent(first) and not (_is_cotangent(second) or second.startswith(("d", "g", "v")))


def _is_cotangent(name: str) -> bool:
    return name in SHORT or name.startswith(COTANGENTS)
