"""An epsilon in the forward only, wherever the code keeps it: found, zeroed and proved. And digits that differ."""

import functools

import numpy as np
import pytest
import torch

from backcheck import check_layer, check_torch, check_vjp
from backcheck_reports.number_format import apart
from backcheck_reports.record import Verdict
from tests.subjects import helpers_with_eps as helpers
from tests.subjects.helpers_with_eps import CONFIG, SPACE, Named, Options, SafeLog, Space, safe_log, through_another

P, Y = np.array([[0.2, 0.5, 0.3], [0.7, 0.1, 0.2]]), np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
OPTIONS, NAMED, OBJECT = Options(), Named(), SafeLog()
PARTIAL = functools.partial(safe_log, eps=1e-5)


def loss(log):
    """A forward in whose closure the helper is."""
    return lambda p, y: (-np.sum(y * log(p)), (p, y))


def of_function(p, y):
    return -np.sum(y * safe_log(p)), (p, y)


def of_two_helpers(p, y):
    return -np.sum(y * through_another(p)), (p, y)


def of_module(p, y):
    return -np.sum(y * helpers.safe_log(p)), (p, y)


def of_module_constant(p, y):
    return -np.sum(y * np.log(p + helpers.EPS)), (p, y)


def of_module_options(p, y):
    return -np.sum(y * np.log(p + helpers.SPACE.eps)), (p, y)


def of_partial(p, y):
    return -np.sum(y * PARTIAL(p)), (p, y)


def of_dataclass(p, y):
    return -np.sum(y * np.log(p + OPTIONS.eps)), (p, y)


def of_named_tuple(p, y):
    return -np.sum(y * np.log(p + NAMED.eps)), (p, y)


def of_dictionary(p, y):
    return -np.sum(y * np.log(p + CONFIG["eps"])), (p, y)


def of_namespace(p, y):
    return -np.sum(y * np.log(p + SPACE.eps)), (p, y)


def of_class(p, y):
    return -np.sum(y * np.log(p + Space.eps)), (p, y)


def of_static_method(p, y):
    return -np.sum(y * Space.log(p)), (p, y)


def of_method(p, y):
    return -np.sum(y * OBJECT.log(p)), (p, y)


def of_object_called(p, y):
    return -np.sum(y * OBJECT(p)), (p, y)


def of_default_options(p, y, options=OPTIONS):
    return -np.sum(y * np.log(p + options.eps)), (p, y)


def of_function_within(p, y):
    def log(q):
        return np.log(q + 1e-6)

    return -np.sum(y * log(p)), (p, y)


FORWARDS = [
    *(of_function, of_two_helpers, of_module, of_module_constant, of_module_options, of_partial, of_dataclass),
    *(of_named_tuple, of_dictionary, of_namespace, of_class, of_static_method, of_method, of_object_called),
    *(of_default_options, of_function_within, loss(safe_log), loss(OBJECT), loss(OBJECT.log)),
    functools.partial(lambda p, y, eps: (-np.sum(y * np.log(p + eps)), (p, y)), eps=1e-6),
]


def times(factor):
    return lambda saved, dy: (-dy * saved[1] / saved[0] * factor, None)


@pytest.mark.parametrize("forward", FORWARDS, ids=lambda each: getattr(each, "__name__", "partial"))
def test_an_epsilon_in_a_helper_is_found(forward):
    check = check_vjp(forward, times(1), P, Y, fixed="y")
    assert check.verdict is Verdict.CONVENTION, check
    assert "an epsilon in the forward only" in check.notes[-1]
    assert check_vjp(forward, times(1 + 1e-9), P, Y, fixed="y").verdict is Verdict.DISAGREE


class Loss:
    """An object whose options are an object of their own."""

    def __init__(self):
        self.options = Options()

    def forward(self, p):
        self.p = p
        return -np.sum(Y * np.log(p + self.options.eps))

    def backward(self, dy):
        return -dy * Y / self.p


class Helped(Loss):
    def forward(self, p):
        self.p = p
        return -np.sum(Y * safe_log(p))


@pytest.mark.parametrize("layer", [Loss, Helped])
def test_an_epsilon_of_an_object(layer):
    assert check_layer(layer, P).verdict is Verdict.CONVENTION


class Log(torch.autograd.Function):
    @staticmethod
    def forward(ctx, p):
        ctx.save_for_backward(p)
        return torch.log(p + helpers.EPS)

    @staticmethod
    def backward(ctx, dy):
        return dy / ctx.saved_tensors[0]


def test_an_epsilon_of_an_autograd_function():
    assert check_torch(Log, P).verdict is Verdict.CONVENTION


def test_libraries_are_not_looked_into():
    def forward(p):
        return np.tanh(p) * np.pi, p

    assert check_vjp(forward, lambda p, dy: dy, P).verdict is Verdict.DISAGREE


APART = [
    ((1.13700012, 1.13700021), ("1.13700012", "1.13700021")),
    ((1.137, 2.0), ("1.137", "2")),
    ((0.89417, 0.894161), ("0.89417", "0.894161")),
    ((1.0, 1.0000000000000002), ("1.0", "1.0000000000000002")),
    ((float("nan"), 1.0), ("nan", "1")),
    ((0.25, 0.2499999), ("0.25", "0.2499999")),
    ((2.0, 2.0), ("2.0", "2.0")),
    ((-1e300, -1.0000001e300), ("-1e+300", "-1.0000001e+300")),
]


@pytest.mark.parametrize(("numbers", "texts"), APART)
def test_two_numbers_are_printed_until_they_differ(numbers, texts):
    assert apart(*numbers) == texts


@pytest.mark.parametrize("off", [1e-2, 1e-5, 1e-7, 1e-10, 1e-12])
def test_got_and_want_are_never_the_same_digits(off):
    check = check_vjp(lambda x: (np.tanh(x), x), lambda x, dy: dy * (1 - np.tanh(x) ** 2) * (1 + off), [0.5, -1.0])
    row = str(check).splitlines()[1]
    got, want = row.partition("got ")[2].split()[0], row.partition("want ")[2].split()[0].rstrip(",")
    assert got != want
    assert ("relative error" in row) is (off < 1e-3)
    for _, got, want, _ in check.note.table:
        assert got != want


@pytest.mark.parametrize("digits", [4, 5, 9])
def test_neighbours_are_never_the_same_digits(digits):
    for number in np.random.default_rng(0).normal(size=2000):
        for other in (np.nextafter(number, 9.0), number * (1 + 1e-7), number * (1 - 3e-5)):
            assert len(set(apart(number, float(other), digits))) == 2
