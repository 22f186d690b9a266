"""Training and evaluation: by a switch of the object, an attribute of it, or a parameter of its forward."""

import functools
import inspect
from typing import Any

from backcheck.subjects.stateful.object_copy import copied

MODES = ("training", "train_mode", "is_training", "train_flg", "training_mode", "is_train", "train")
MODE = "training mode"


def evaluating(layer: Any, *arrays: Any, training: bool = False) -> Any:
    """A copy of the object in evaluation mode, where it knows the difference, or with `training` in training mode.

    If any `arrays` are given, as its forward takes them, forward first runs on them in training: running statistics
    that are still 0 and 1 hide what is done with them. Raises whatever its forward raises.

    >>> class Doubling:
    ...     training = True
    ...     def forward(self, x):
    ...         return 2 * x if self.training else x
    >>> layer = Doubling()
    >>> evaluating(layer).forward(3.0), layer.forward(3.0)
    (3.0, 6.0)
    """
    made = copied(layer)
    if arrays:
        _put(made, True)
        (made.forward if hasattr(made, "forward") else made)(*arrays)
    _put(made, training)
    return made


def training_of(layer: Any) -> bool | None:
    """Is the object in training mode as it was made? None where it knows no modes."""
    for name in MODES:
        if isinstance(getattr(layer, name, None), bool):
            return bool(getattr(layer, name))
    told = _told(layer)
    if told is not None:
        return bool(told.default)
    return True if _switches(layer) else None


def _put(layer: Any, training: bool) -> None:
    if _switches(layer):
        layer.train() if training else layer.eval()
    for name in MODES:
        if isinstance(getattr(layer, name, None), bool):
            setattr(layer, name, training)
    told = _told(layer)
    if told is not None:
        layer.forward = functools.partial(layer.forward, **{told.name: training})


def _switches(layer: Any) -> bool:
    return callable(getattr(layer, "train", None)) and callable(getattr(layer, "eval", None))


def _told(layer: Any) -> inspect.Parameter | None:
    """The parameter by which forward is told, when it has a default."""
    try:
        parameters = inspect.signature(layer.forward).parameters.values()
    except (AttributeError, TypeError, ValueError):
        return None
    return next((p for p in parameters if p.name in MODES and isinstance(p.default, bool)), None)
