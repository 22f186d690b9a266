"""The floating point formats that arrays are made in."""

from collections.abc import Mapping
from typing import NamedTuple


class FloatFormat(NamedTuple):
    """A floating point format: the exponents of its normal numbers, and the bits after the leading one."""

    least: int
    greatest: int
    bits: int


FORMATS: Mapping[str, FloatFormat] = {
    "float16": FloatFormat(-14, 15, 10),
    "bfloat16": FloatFormat(-126, 127, 7),
    "float32": FloatFormat(-126, 127, 23),
    "float64": FloatFormat(-1022, 1023, 52),
}
