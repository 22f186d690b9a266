"""Arrays are compared by their numbers, to the bit. The memory of a long double has bytes that belong to no number."""

import numpy as np
import pytest

import backcheck
from backcheck.array_bits import bits

LONG = np.longdouble


def dirty(value, byte):
    """The long double in memory whose other bytes are all `byte`."""
    array = np.empty(1, LONG)
    array.view(np.uint8)[:] = byte
    array[0] = LONG(value)
    raw = array.view(np.uint8)
    used = 10 if np.finfo(LONG).nmant == 63 else len(raw)
    raw[used:] = byte
    return array


@pytest.mark.parametrize("value", ["0", "-0.0", "1", "0.1", "-3e300", "nan", "inf", "1e-4900"])
def test_the_same_number_in_other_memory(value):
    assert bits(dirty(value, 0)) == bits(dirty(value, 0xAB))


OTHERS = [
    (LONG(0.0), LONG(-0.0)),
    (LONG("1e-300") ** 9, LONG("1e-300") ** 10),
    (LONG(1), LONG(1) + np.finfo(LONG).eps),
    (LONG("nan"), LONG(1)),
]


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_other_numbers(one, other):
    assert bits(np.array([one])) != bits(np.array([other]))


def test_other_dtypes_as_they_are_in_memory():
    assert bits(np.array([0.0])) != bits(np.array([-0.0]))
    assert bits(np.array([np.nan])) == bits(np.array([np.nan]))


def wide(x):
    y = np.tanh(x.astype(LONG))
    return y, y


class Wide:
    def forward(self, x):
        self.y = np.tanh(x.astype(LONG))
        return self.y

    def backward(self, dy):
        return dy * (1 - self.y**2)


def test_code_that_computes_in_long_doubles_gives_one_value_for_the_same_arrays():
    # many entries: that the memory beside all of them is the same by chance is not to be expected
    x = np.linspace(-2, 2, 64)
    for check in (
        backcheck.check_vjp(wide, lambda y, dy: dy * (1 - y * y), x),
        backcheck.check_layer(Wide, x),
        backcheck.verify_rule((wide, lambda y, dy: dy * (1 - y * y)), ("n",), draws=10),
    ):
        assert check.verdict == "agree", check
        assert "that is rounded before it is judged" in " ".join(str(check).split())


def test_a_gradient_in_long_doubles_is_of_no_other_shape():
    def backward(y, dy):
        return dy.astype(LONG) * (1 - y * y)

    assert backcheck.check_vjp(lambda x: (np.tanh(x), np.tanh(x)), backward, [0.5, -1.0]).verdict == "agree"


def test_arrays_of_long_doubles_are_refused_in_words():
    with pytest.raises(backcheck.BadInput, match=r"array 1 has dtype .*; dtype='float64' checks it at the nearest"):
        backcheck.check_vjp(wide, lambda y, dy: dy, np.array([0.5], LONG))
    with pytest.raises(backcheck.BadInput, match="gradients are checked in float16, bfloat16, float32 or float64"):
        backcheck.check_vjp(wide, lambda y, dy: dy, [0.5], dtype=LONG)
    assert backcheck.check_vjp(wide, lambda y, dy: dy * (1 - y * y), np.array([0.5], LONG), dtype="float64")
