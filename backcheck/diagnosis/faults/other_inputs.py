"""The right derivation at other inputs: an array is not used, or a sign is lost before the slope is taken."""

import numpy as np

from backcheck.diagnosis.faults.alternatives import explains
from backcheck.diagnosis.faults.wrong_gradient import Wrong, floats


def array_ignored(wrong: Wrong) -> str | None:
    """The right gradient for an array of ones, or of zeros, in the place of one that was given."""
    for name, array in wrong.inputs.items():
        if name == wrong.argument:
            continue
        for words, made, so in (
            ("ones", np.ones_like(array), f"{name} is ignored"),
            ("zeros", np.zeros_like(array), f"what goes through {name} is left out"),
        ):
            if not np.array_equal(array, made) and explains(wrong, inputs={name: made}):
                return f"got is the gradient with {words} in the place of {name}: {so}"
    return None


def mirrored(wrong: Wrong) -> str | None:
    """The gradient at -x: the slope of a function at the other side of 0, or the largest entry for the smallest."""
    given = floats(wrong)
    if wrong.argument not in given:
        return None
    for names in ((wrong.argument,), tuple(given)):
        if explains(wrong, inputs={name: -given[name] for name in names}):
            at = " and ".join(f"-{name}" for name in names)
            return f"got is the gradient at {at}: a sign is lost, or a comparison is the other way round"
    return None
