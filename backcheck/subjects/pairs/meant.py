"""What a backward is meant to be, where that is not the derivative of its forward: declared by its author."""

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from backcheck.errors import BadInput
from backcheck.signature import takes
from backcheck.subjects.pairs import framework_callables
from backcheck.subjects.pairs.held_constants import twice
from backcheck.subjects.pairs.outputs import each_of, pack, unpack
from backcheck.subjects.pairs.pair import as_rule
from backcheck.subjects.pairs.source_text import called

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Meant:
    """A declaration for `meant=` that says more than a function can: that the cotangent is changed on its way.

    function    whose derivative the backward is meant to be: function(*arrays, **options) returns what forward returns,
                in its shapes; it takes as many of the arrays and as many of the options as it names. None stands for
                the forward itself.
    cotangent   what takes the place of dy: cotangent(dy) returns an array of its shape. Gradient clipping is one; so is
                np.ones_like, for a loss that takes no notice of its cotangent.

    The gradient is then meant to be the derivative of `function`, pulled back from cotangent(dy).

    >>> import numpy as np
    >>> import backcheck
    >>> clipped = backcheck.Meant(cotangent=lambda dy: np.clip(dy, -1, 1))
    >>> def backward(_, dy):
    ...     return np.clip(dy, -1, 1)
    >>> found = backcheck.check_vjp(lambda x: (x, None), backward, [1.0, 2.0], cotangent=[3.0, 0.5], meant=clipped)
    >>> print(found.verdict)
    convention
    """

    function: Function | None = None
    cotangent: Function | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """The declaration as the engine takes it.

    `value(*arrays, *moved, **config)` is the function's value at moved arrays as the engine sees values, with what it
    holds constant at the arrays; `plain` is what PyTorch or JAX differentiate by themselves. `text` is the declaration
    in source text, and `line` a comment for what has no name.
    """

    said: Meant
    kind: str
    value: Function | None
    plain: Function | None
    text: str
    line: str

    def cotangent(self, form: Any, dy: np.ndarray) -> np.ndarray:
        """What takes the place of dy, output by output. Raises BadInput for what has another shape."""
        if self.said.cotangent is None:
            return dy
        parts = [self._changed(np.asanyarray(part)) for part in each_of(unpack(form, dy))]
        return np.asarray(pack(parts[0] if len(parts) == 1 else tuple(parts))[0]).astype(dy.dtype)

    def _changed(self, dy: np.ndarray) -> np.ndarray:
        given: Any = dy
        if self.kind == "torch":
            from backcheck_reference.frameworks.torch_oracle import to_tensor

            given = to_tensor(dy)
        found = framework_callables.to_array(self.said.cotangent(given))  # type: ignore[misc]  # there is one
        if found.shape != dy.shape:
            raise BadInput(f"meant: cotangent(dy) has shape {list(found.shape)}; dy has {list(dy.shape)}")
        return found


def intent_of(meant: Any, kind: str, seeds: bool = False) -> Intent:
    """What the author declares. Raises BadInput for what is no function and no Meant."""
    said = meant if isinstance(meant, Meant) else Meant(meant)
    if not all(each is None or callable(each) for each in (said.function, said.cotangent)) or said == Meant():
        raise BadInput(f"meant= takes a function of the arrays, or Meant(function, cotangent); got {meant!r}")
    named = called(meant, "") if callable(meant) else ""
    line = "" if named else "# meant is what you declared"
    value, plain = None, None
    if said.function is not None:
        framework = kind in ("torch", "jax")
        value = _framework_value(kind, said.function) if framework else _numpy_value(said.function)
        plain = _trimmed(said.function) if framework else None
    return Intent(said, kind, value, plain, f"meant={named or 'meant'}", line)


def _numpy_value(function: Function) -> Function:
    trimmed = twice("", _trimmed(function))

    def forward(*arrays: Any, **config: Any) -> tuple[Any, None]:
        return trimmed(*arrays, **config), None

    run: Function = as_rule(forward, _none).forward
    return lambda *arrays, **config: run(*arrays, **config)[0]


def _framework_value(kind: Any, function: Function) -> Function:
    pair = framework_callables.pair_of(kind, twice(kind, _trimmed(function)))
    run: Function = as_rule(*pair, numpy=False).forward
    return lambda *arrays, **config: run(*arrays, **config)[0]


def _none(saved: Any, dy: Any) -> None:
    """Stands for the backward of a function that is only run forward."""


def _trimmed(function: Function) -> Function:
    """The function given as many arrays and options as it names."""
    if inspect.isclass(function):  # an autograd.Function takes all that its forward does
        return getattr(function, "apply", function)
    taken, options = takes(function), _options(function)

    @functools.wraps(function)
    def trimmed(*arrays: Any, **config: Any) -> Any:
        kept = {name: value for name, value in config.items() if options is None or name in options}
        named = [name for name in taken.names if name not in kept]
        count = len(arrays) if taken.rest or not taken.known else len(named)
        return function(*arrays[:count], **kept)

    return trimmed


def _options(function: Function) -> Mapping[str, Any] | None:
    """The names that it takes; None where that is any."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return None
    return None if any(p.kind is p.VAR_KEYWORD for p in parameters.values()) else parameters
