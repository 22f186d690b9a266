"""How an object with state is called: what its two methods are called, and what is done between two steps."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from backcheck.errors import BadInput

Reset = str | Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True)
class Calls:
    """The names of the methods, and `reset`: the name of a method, or a function of the object, or None.

    An object without the first method is called itself.
    """

    forward: str = "forward"
    backward: str = "backward"
    reset: Reset = None

    def forward_of(self, layer: Any) -> Callable[..., Any] | None:
        """The method that computes the value; None where the object has none and is not callable."""
        return getattr(layer, self.forward, None) or (layer if callable(layer) else None)

    def backward_of(self, layer: Any) -> Callable[..., Any]:
        found: Callable[..., Any] = getattr(layer, self.backward)
        return found

    def between_steps(self, layer: Any) -> None:
        """What the caller said is to be called after a step."""
        if self.reset is not None:
            getattr(layer, self.reset)() if isinstance(self.reset, str) else self.reset(layer)


USUAL_CALLS = Calls()


def calls_of(methods: tuple[str, str] | None = None, reset: Reset = None) -> Calls:
    """What the caller says of the calls. Raises BadInput for what is no pair of names, or nothing that can be called.

    >>> calls_of(("forward_pass", "backward_pass"), "zero_grad").forward
    'forward_pass'
    """
    names = ("forward", "backward") if methods is None else methods
    if isinstance(names, str) or len(names) != 2 or not all(isinstance(name, str) for name in names):
        raise BadInput(f"methods must be two names, ('forward_pass', 'backward_pass'), say; got {methods!r}")
    if not (reset is None or isinstance(reset, str) or callable(reset)):
        raise BadInput(f"reset must be the name of a method, or a function of the object; got {reset!r}")
    return Calls(*names, reset)


def require_reset(layer: Any, calls: Calls) -> None:
    """Raises BadInput where the method that is to be called between steps is not there."""
    if isinstance(calls.reset, str) and not callable(getattr(layer, calls.reset, None)):
        raise BadInput(f"reset={calls.reset!r}: {type(layer).__name__} has no method of this name")
