"""One array stands in place of another: of the cotangent, of an input, or of the gradient itself."""

import numpy as np

from backcheck.diagnosis.faults.alternatives import explains, push_forward
from backcheck.diagnosis.faults.factors import causes, ratio
from backcheck.diagnosis.faults.fit import fits
from backcheck.diagnosis.faults.words import listed
from backcheck.diagnosis.faults.wrong_gradient import Wrong, named_arrays


def ignores_cotangent(wrong: Wrong) -> str | None:
    """The derivative of the sum of the outputs: the cotangent is not used."""
    if np.all(wrong.dy == 1):
        return None
    # of an elementwise rule the gradient for ones is want / dy, which needs no run of the forward
    elementwise = wrong.dy.shape in (wrong.want.shape, ()) and bool(np.all(wrong.dy))
    if not (elementwise and fits(wrong, wrong.want / wrong.dy)) and not explains(wrong, dy=np.ones_like(wrong.dy)):
        return None
    factor = ratio(wrong)  # if dy is one number throughout, another quantity may be that number
    also = causes(wrong, factor) if factor is not None else []
    return listed(["got is the gradient for a cotangent of ones: dy is ignored", *also])


def swapped(wrong: Wrong) -> str | None:
    for name, other in wrong.others.items():
        if other.shape == wrong.got.shape and fits(wrong, other):
            return f"got is the gradient of {name}: two gradients are returned in each other's place"
    return None


def passed_on(wrong: Wrong) -> str | None:
    if wrong.dy.shape != wrong.got.shape or not fits(wrong, wrong.dy):
        return None
    return "got is dy itself: the cotangent is passed on as it came"


def returns_array(wrong: Wrong) -> str | None:
    for name, array in named_arrays(wrong).items():
        if array.shape == wrong.got.shape and np.any(array) and fits(wrong, array, fitted=1):
            return f"got is {name} itself, not a gradient"
    return None


def applied_twice(wrong: Wrong) -> str | None:
    """The true gradient pulled back once more."""
    if wrong.want.shape != wrong.dy.shape:
        return None
    return "got is want pulled back once more: the rule is applied twice" if explains(wrong, dy=wrong.want) else None


def not_transposed(wrong: Wrong) -> str | None:
    """J dy, which is the derivative in the direction dy."""
    found = push_forward(wrong)
    if found is None or found.shape != wrong.got.shape or not fits(wrong, found):
        return None
    return "got is J dy; the gradient is J^T dy, with the Jacobian transposed"


def value_for_input(wrong: Wrong) -> str | None:
    value, array = wrong.value, wrong.inputs.get(wrong.argument)
    if value is None or array is None or value.shape != array.shape or np.array_equal(value, array):
        return None
    if not explains(wrong, inputs={wrong.argument: value}):
        return None
    return f"got is the gradient at y instead of at {wrong.argument}: the output stands where the input belongs"
