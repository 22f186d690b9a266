"""The right derivation in too few bits: of the result, or of what goes into it."""

from collections.abc import Iterator

import numpy as np

from backcheck.diagnosis.faults.alternatives import explains
from backcheck.diagnosis.faults.fit import looked_at, peak, simple
from backcheck.diagnosis.faults.wrong_gradient import Wrong, floats
from backcheck_reference.numbers.balls import BITS

SHORTER_FORMATS = ("bfloat16", "float16", "float32")


def low_precision(wrong: Wrong) -> str | None:
    """Every entry is a number of a shorter format, and the error is what rounding in that format gives."""
    error, scale = peak(wrong.got - wrong.want), peak(wrong.want)
    for name in SHORTER_FORMATS:
        bits = BITS[name]
        usual = 2.0 ** (-3 - bits) * scale <= error <= 2.0 ** (3 - bits) * scale
        # at least two numbers must not be simple ones, which every format holds
        held = np.array_equal(rounded(wrong.got, bits), wrong.got) and int((~simple(wrong.got)).sum()) >= 2
        if usual and held and bits <= wrong.digits * 3.3 - 3:
            exactly = np.array_equal(looked_at(wrong, rounded(wrong.want, bits)), looked_at(wrong, wrong.got))
            what = f"is want rounded to {name}" if exactly else f"holds {name} numbers only"
            return f"got {what}, {bits} bits: off by up to {error / scale:.1e} of want, {name} precision"
    return _rounded_inputs(wrong)


def _rounded_inputs(wrong: Wrong) -> str | None:
    """The right gradient at inputs or a cotangent that were cast to a shorter format."""
    small = peak(wrong.got - wrong.want) <= 0.05 * peak(wrong.want)
    for name in SHORTER_FORMATS:
        bits = BITS[name]
        if not small or bits > wrong.digits * 3.3 - 8:
            continue
        for words, inputs, dy in _casts(wrong, bits):
            if explains(wrong, inputs=inputs, dy=dy):
                return f"got is the gradient with {words} rounded to {name}, {bits} bits: {name} precision"
    return None


def _casts(wrong: Wrong, bits: int) -> Iterator[tuple[str, dict[str, np.ndarray], np.ndarray]]:
    cut = {name: rounded(array, bits) for name, array in floats(wrong).items()}
    yield "inputs and dy", cut, rounded(wrong.dy, bits)
    yield "dy", {}, rounded(wrong.dy, bits)
    yield "the inputs", cut, wrong.dy


def rounded(array: np.ndarray, bits: int) -> np.ndarray:
    """Each number rounded to so many significant bits, with an exponent of any size."""
    mantissa, exponent = np.frexp(array)
    cut: np.ndarray = np.ldexp(np.round(np.ldexp(mantissa, bits)), exponent - bits)
    return cut
