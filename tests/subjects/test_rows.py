"""Rows of a function that depend on no others are found by balls without end, and those that do are not."""

import pytest

torch = pytest.importorskip("torch")

from backcheck.subjects.kernels.asked.models import promised  # noqa: E402
from backcheck.subjects.rows import DEPENDENT, NO_ROWS, Cut, cuts, first_alone, rows_near  # noqa: E402
from backcheck_reference.frontends.torch_code.tensor_balls import enclose  # noqa: E402

X, W = (
    torch.linspace(-2, 3, 48, dtype=torch.float64).reshape(8, 6).sin(),
    torch.linspace(1, 2, 24).double().reshape(6, 4),
)


def found_of(function, *tensors, near=3, most=(14, 1000)):
    rounding = promised(None, "float64").rounding()
    floats = [at for at, each in enumerate(tensors) if each.is_floating_point()]

    def run(masks):
        return enclose(function, tensors, None, (), rounding, floats, unknown=masks).outputs

    whole = run({})
    tried = cuts(tensors, [tuple(each.mid.shape) for each in whole], floats, near, most)
    return tried if isinstance(tried, str) else first_alone(run, tensors, whole, tried)


INDEPENDENT = {
    "elementwise": lambda x: x.tanh(),
    "softmax": lambda x: torch.softmax(x, -1),
    "sum of a row": lambda x: x.sum(-1),
    "largest of a row": lambda x: x.amax(-1),
    "cumulated along a row": lambda x: x.cumsum(-1),
    "choice within a row": lambda x: torch.where(x > x[:, :1], x, 2 * x),
}
TOGETHER = {
    "mean of a column": lambda x: x - x.mean(0),
    "largest of all": lambda x: x - x.max(),
    "cumulated": lambda x: x.cumsum(0),
    "rolled": lambda x: x + x.roll(1, 0),
    "flipped": lambda x: x * x.flip(0),
    "choice by another row": lambda x: torch.where(x > x.roll(1, 0), x, 2 * x),
    "bounded": lambda x: x + 1e-3 * x.sum().tanh(),
    "softmax along a column": lambda x: torch.softmax(x, 0),
}


@pytest.mark.parametrize("name", INDEPENDENT)
def test_rows_that_stand_alone(name):
    found = found_of(INDEPENDENT[name], X)
    assert isinstance(found, Cut)
    assert found.places == (0,)
    assert found.rows.first <= 3 < found.rows.first + found.rows.count < 8


@pytest.mark.parametrize("name", TOGETHER)
def test_rows_that_do_not(name):
    assert found_of(TOGETHER[name], X) == DEPENDENT


def test_whole_numbers_of_other_rows_are_exchanged():
    labels = torch.tensor([0, 1, 2, 3, 4, 5, 0, 0])
    assert isinstance(found_of(lambda x, t: x.gather(1, t[:, None]), X, labels), Cut)
    assert found_of(lambda x, t: x * (t == 0).sum(), X, labels) != DEPENDENT  # another order has as many zeros
    assert found_of(lambda x, t: x * t.cumsum(0)[:, None], X, labels) == DEPENDENT


def test_a_weight_with_as_many_rows_as_the_batch_stays_whole():
    found = found_of(torch.matmul, X[:6], W, most=(40, 1000))
    assert isinstance(found, Cut)
    assert found.places == (0,)


def test_what_has_no_rows_or_too_large_ones():
    assert found_of(lambda x: x.sum(), X) == NO_ROWS
    said = found_of(lambda x: x.tanh(), X, most=(4, 8))
    assert said == "one row and what it is made of have 12 entries, too many for exact arithmetic"
    assert found_of(torch.matmul, X[:6], W, most=(20, 24)).startswith("one row and what it is made of")


@pytest.mark.parametrize(
    ("near", "length", "most", "rows"), [(7, 12, 5, (4, 4)), (0, 7, 5, (0, 1)), (9, 9, 100, (0, 9))]
)
def test_rows_are_whole_blocks(near, length, most, rows):
    found = rows_near(near, length, most)
    assert (found.first, found.count) == rows
