"""The numbers of an array as bytes, so that two arrays can be compared to the bit: NaN equals NaN, and 0.0 not -0.0."""

import numpy as np


def bits(array: np.ndarray) -> bytes:
    """Equal for the same numbers, and only for these.

    The memory of a long double has bytes that belong to no number, with anything in them: so it is taken apart into
    an exponent and doubles, of which three have all its digits.
    """
    if array.dtype.char not in "gG":
        return array.tobytes()
    parts = [array.real, array.imag] if array.dtype.char == "G" else [array]
    return b"".join(map(_in_doubles, parts))


def _in_doubles(array: np.ndarray) -> bytes:
    with np.errstate(all="ignore"):
        rest, exponent = np.frexp(array)  # of any size
        found = [np.signbit(array).tobytes(), np.where(np.isfinite(array), exponent, 0).tobytes()]
        for _ in range(3):
            part = rest.astype(np.float64)
            found.append(np.where(np.isnan(part), np.nan, part).tobytes())
            rest = rest - part
    return b"".join(found)
