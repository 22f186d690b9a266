"""Which number a float constant in somebody's code stands for."""

import math
from fractions import Fraction

import numpy as np
import pytest

from backcheck_reference.lazy import flint
from backcheck_reference.numbers import exact
from backcheck_reference.numbers.literals import meant

MEANT = {
    2 / 3: lambda: flint.arb(2) / 3,
    0.1 + 0.2: lambda: flint.arb(3) / 10,
    3 * 0.044715: lambda: flint.arb(134145) / 1000000,
    1e-12: lambda: flint.arb(10) ** -12,
    -1 / math.sqrt(7): lambda: -1 / flint.arb(7).sqrt(),
    math.sqrt(2 / math.pi): lambda: (2 / flint.arb.pi()).sqrt(),
    2 / math.sqrt(math.pi): lambda: 2 / flint.arb.pi().sqrt(),
    math.log(2): lambda: flint.arb(2).log(),
    0.5 * math.log(2 * math.pi): lambda: (2 * flint.arb.pi()).log() / 2,
}


@pytest.mark.parametrize("value", MEANT)
def test_a_rounded_constant_is_read_as_what_it_stands_for(value):
    with exact.bits(256):
        assert meant(value).overlaps(MEANT[value]())
        assert not flint.arb(value).overlaps(MEANT[value]())


@pytest.mark.parametrize(
    "value", [float(np.float32(0.1)), 0.1 + 2.0**-40, math.e**math.pi, 1 + 2.0**-30, 3.0, math.inf]
)
def test_other_floats_are_themselves(value):
    assert meant(value) == flint.arb(value)


def test_no_reading_moves_a_float_by_more_than_four_roundings():
    drawn = np.random.default_rng(1).uniform(-3, 3, 200)
    with exact.bits(256):
        for value in (*drawn.tolist(), *drawn.round(4).tolist()):
            itself = flint.arb(Fraction(value).numerator) / Fraction(value).denominator
            assert abs(meant(value) - itself) <= abs(value) * 2.0**-51
