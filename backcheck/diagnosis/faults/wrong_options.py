"""The right derivation for other options: ignored ones, another axis, another eps."""

from backcheck.diagnosis.faults.alternatives import explains
from backcheck.diagnosis.faults.factors import AXIS_NAMES
from backcheck.diagnosis.faults.words import number
from backcheck.diagnosis.faults.wrong_gradient import CUSTOMARY_EPS, Wrong, defaults, first, options


def option_ignored(wrong: Wrong) -> str | None:
    """The right gradient for an option left at its default, or for all options left there."""
    for name, value in wrong.config.items():
        if explains(wrong, config={other: v for other, v in wrong.config.items() if other != name}):
            default = defaults(wrong).get(name, "the default")
            return f"got is the gradient for {name} = {default}: the option {name} = {value} is ignored"
    if len(wrong.config) > 1 and explains(wrong, config={}):
        return f"got is the gradient for the default options: {dict(wrong.config)} is ignored"
    return None


def option_axis(wrong: Wrong) -> str | None:
    """The right gradient for another axis."""
    for name in AXIS_NAMES:
        said, ndim = options(wrong).get(name), first(wrong).ndim
        if not isinstance(said, int):
            continue
        for axis in range(ndim):
            if axis != said % ndim and explains(wrong, config={**wrong.config, name: axis}):
                return f"got is the gradient along axis {axis}; {name} is {said}, of {ndim} axes"
    return None


def no_eps(wrong: Wrong) -> str | None:
    """The gradient of the forward without its eps, for rules of any kind."""
    for name, value in options(wrong).items():
        if "eps" in name and value and explains(wrong, config={**wrong.config, name: 0.0}):
            return f"got is the gradient for {name} = 0: {name} = {number(value)} is forgotten in the backward"
    return None


CUSTOMARY_VALUES = (0.0, 1.0, 2.0, 0.5, 0.1, 0.01, 0.2, 0.25, 0.9, 0.001)


def option_value(wrong: Wrong) -> str | None:
    """The backward has a value of its own for an option, as one that was written into it."""
    for name, value in options(wrong).items():
        for other in _other_values(name, value):
            if explains(wrong, config={**wrong.config, name: other}):
                return f"got is the gradient for {name} = {other}; the forward has {name} = {value}"
    return None


def _other_values(name: str, value: object) -> tuple[object, ...]:
    """What a backward may have in place of an option's value; eps and axes have rows of their own."""
    if isinstance(value, bool):
        return (not value,)
    if "eps" in name or name in AXIS_NAMES:
        return ()
    if isinstance(value, float):
        return tuple(other for other in CUSTOMARY_VALUES if other != value)
    if isinstance(value, int):
        return tuple(other for other in (1, 0, 2, 3) if other != value)
    return ()


def other_eps(wrong: Wrong) -> str | None:
    """The backward has an eps of its own, which is not that of the forward."""
    for name, value in options(wrong).items():
        for eps in CUSTOMARY_EPS:
            if "eps" in name and eps != value and explains(wrong, config={**wrong.config, name: eps}):
                return f"got is the gradient for {name} = {eps:g}; the forward has {name} = {value:g}"
    return None
