"""Training and evaluation: by a switch of the object, an attribute of it, or a parameter of its forward."""

import functools
import inspect
from typing import Any

from backcheck.subjects.stateful.calls import USUAL_CALLS, Calls, calls_of
from backcheck.subjects.stateful.handed_in import without_growth
from backcheck.subjects.stateful.object_copy import copied

MODES = ("training", "train_mode", "is_training", "train_flg", "training_mode", "is_train", "train")
MODE = "training mode"


def evaluating(layer: Any, *arrays: Any, training: bool = False, methods: tuple[str, str] | None = None) -> Any:
    """A copy of the object in evaluation mode, where it knows the difference, or with `training` in training mode.

    If any `arrays` are given, as its forward takes them, forward first runs on them in training: running statistics
    that are still 0 and 1 hide what is done with them. `methods` has the names of its two methods, where they are not
    forward and backward. Raises whatever its forward raises.

    >>> class Doubling:
    ...     training = True
    ...     def forward(self, x):
    ...         return 2 * x if self.training else x
    >>> layer = Doubling()
    >>> evaluating(layer).forward(3.0), layer.forward(3.0)
    (3.0, 6.0)
    """
    return in_mode(layer, training, calls_of(methods), arrays)


def in_mode(layer: Any, training: bool, calls: Calls = USUAL_CALLS, arrays: tuple[Any, ...] = ()) -> Any:
    """A copy of the object in this mode, after a forward in training on the arrays, if any are given."""
    made = copied(layer)
    if arrays:
        _put(made, True, calls)
        before = copied(made)
        (calls.forward_of(made) or made)(*arrays)
        without_growth(before, made)  # what it keeps of its inputs is no running statistic
    _put(made, training, calls)
    return made


def training_of(layer: Any, calls: Calls = USUAL_CALLS) -> bool | None:
    """Is the object in training mode as it was made? None where it knows no modes."""
    for name in MODES:
        if isinstance(getattr(layer, name, None), bool):
            return bool(getattr(layer, name))
    told = _told(layer, calls)
    if told is not None:
        return told.default is told.empty or bool(told.default)
    return True if _switches(layer) else None


def must_be_told(layer: Any, calls: Calls = USUAL_CALLS) -> bool:
    """Does its forward ask for the mode, with no default?"""
    told = _told(layer, calls)
    return told is not None and told.default is told.empty


def _put(layer: Any, training: bool, calls: Calls) -> None:
    if _switches(layer):
        layer.train() if training else layer.eval()
    for name in MODES:
        if isinstance(getattr(layer, name, None), bool):
            setattr(layer, name, training)
    told = _told(layer, calls)
    if told is not None:
        setattr(layer, calls.forward, functools.partial(getattr(layer, calls.forward), **{told.name: training}))


def _switches(layer: Any) -> bool:
    return callable(getattr(layer, "train", None)) and callable(getattr(layer, "eval", None))


def _told(layer: Any, calls: Calls) -> inspect.Parameter | None:
    """The parameter by which forward is told: one of these names, without a default or with True or False."""
    try:
        parameters = inspect.signature(getattr(layer, calls.forward)).parameters.values()
    except (AttributeError, TypeError, ValueError):
        return None
    return next(
        (p for p in parameters if p.name in MODES and (p.default is p.empty or isinstance(p.default, bool))), None
    )
