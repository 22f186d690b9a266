"""Large kernels, whose questions share calls: every fault is still found, and said as it is where each has a call."""

import itertools

import pytest

torch = pytest.importorskip("torch")

import backcheck  # noqa: E402
from backcheck.subjects.kernels import shared_calls  # noqa: E402
from backcheck.subjects.kernels.calls.forms import TorchKernel  # noqa: E402
from backcheck.subjects.kernels.shared_calls import DEAR, shared  # noqa: E402
from tests.subjects.kernels import planted  # noqa: E402

ROWS, COLUMNS = 300, 256
FULL = pytest.param((4096, 1024), marks=pytest.mark.slow)
SIZES = [(ROWS, COLUMNS), FULL]


def given(size=(ROWS, COLUMNS)):
    generator = torch.Generator().manual_seed(0)
    x, w = torch.randn(size, generator=generator), torch.randn(size[1], generator=generator)
    assert 2 * x.numel() > DEAR
    return x, w


def check(forward=None, backward=None, size=(ROWS, COLUMNS)):
    kernel = planted.scaled_rows(forward, backward)
    return backcheck.check_torch(kernel, *given(size), reference=lambda x, w: x * w)


def ignores_an_expanded_one(x, w, dy):
    """It knows strides, but not that one of them may be zero: a dozen published kernels."""
    return (planted.ignores_strides if 0 in dy.stride() else planted.right_backward)(x, w, dy)


def strides_of_another(x, w, dy):
    """dy is read by the strides of x."""
    memory = torch.from_numpy(planted.flat(dy).copy())
    rows, columns = (step * torch.arange(size) for size, step in zip(x.shape, x.stride(), strict=True))
    return planted.right_backward(x, w, memory[(rows[:, None] + columns) % memory.numel()])


def reads_its_neighbour(x, w, dy):
    """The last block is not masked, and NaN is dropped: it shows where an ordinary number lies beside."""
    beyond = torch.from_numpy(planted.flat(dy, dy.shape[1])[-dy.shape[1] :].copy()).nan_to_num()
    dx, dw = planted.right_backward(x, w, dy)
    return dx, dw + 0.001 * beyond


def writes_beyond(x, w, dy):
    """Beyond what it is given: what it allocates is ordinary memory in most calls, and of others."""
    planted.flat(dy, 3)[-3:] = 1.0
    return planted.right_backward(x, w, dy)


def writes_before(x, w):
    planted.flat(x, 1, start=-1)[0] = 1.0
    return planted.right_forward(x, w)


def noisy_sum(x, w, dy):
    """Atomic additions come in any order."""
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(next(COUNT)))
    return dy * w, (dy * x)[order].sum(0)


COUNT = itertools.count()


def refuses_transposed(x, w):
    if not x.is_contiguous():
        raise ValueError("x must be contiguous")
    return planted.right_forward(x, w)


FAULTS = {
    "expanded": ((None, ignores_an_expanded_one), "where dy is the expanded one of y.sum().backward(), dx"),
    "no strides": ((None, planted.ignores_strides), "where dy is transposed in memory, dx and dw are"),
    "another's strides": ((None, strides_of_another), "where x is transposed in memory, dx and dw are"),
    "writes beyond": ((None, writes_beyond), "writes 3 entries beyond the end of dy, of shape"),
    "writes before": ((writes_before, None), "writes 1 entry before the beginning of x, of shape"),
    "never written": ((None, planted.last_block_never_written), "depend on memory that was never written"),
    "fresh memory": ((None, planted.accumulates_into_fresh_memory), "entries of dw depend on memory that was never"),
    "reads beyond": ((None, planted.reads_beyond), "dw: 256 of 256 entries are NaN"),
    "reads beside": ((None, reads_its_neighbour), "256 of 256 entries of dw depend on memory outside of the tensors"),
    "changes x": ((None, planted.changes_its_input), "changes x, which it is given"),
    "changes dy": ((None, planted.changes_its_cotangent), "changes dy, which it is given"),
}


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_that_one_question_shows_is_said(name, size):
    (forward, backward), words = FAULTS[name]
    found = check(forward, backward, size)
    assert not found
    assert words.replace("256", str(size[1])) in " ".join(str(found).split()), str(found)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_sum_in_any_order_agrees_and_is_said_not_to_be_deterministic(size):
    found = check(None, noisy_sum, size)
    assert found
    assert "not deterministic: 3 calls with the same tensors differ in dw" in str(found)


def test_a_layout_that_is_refused_is_told_by_name():
    found = check(refuses_transposed)
    assert found
    said = " ".join(str(found).split())
    assert "it refuses, by raising, where x is transposed in memory, x is every second entry" in said


def test_what_takes_two_layouts_at_once_is_told_by_both():
    def backward(x, w, dy):
        wrong = not x.is_contiguous() and not dy.is_contiguous() and dy.stride(-1) == 2
        return planted.right_backward(x, w, dy * 2 if wrong else dy)

    found = check(None, backward)
    assert not found
    (where,) = {each.where for each in found.tensors if each.where}
    assert where.startswith("x is ")
    assert "dy is every second entry of its memory" in where


def test_memory_that_only_a_layout_has_written_is_told_with_it():
    def forward(x, w):
        if x.stride(-1) == 2:  # it writes by the row that it believes in
            planted.flat(x, x.numel())[1::2] = 1.0
        return planted.right_forward(x, w)

    found = check(forward)
    assert not found
    said = " ".join(str(found).split())
    assert "x is every second entry of its memory" in said
    assert "between the entries of x" in said


def test_a_right_kernel_is_called_so_often_and_no_more(monkeypatch):
    calls, forward = [], TorchKernel.forward

    def counted(self, *given):
        calls.append(given)
        return forward(self, *given)

    monkeypatch.setattr(TorchKernel, "forward", counted)
    x, w = (each.round() for each in given())  # whole numbers, whose sums are the same in any order

    def whole():
        calls.clear()
        return backcheck.check_torch(planted.scaled_rows(), x, w, reference=lambda x, w: x * w, cotangent=1 + x * x)

    assert whole()
    assert len(calls) == 1 + 5 + 2  # itself, four layouts and one without, the cotangent of a sum twice
    monkeypatch.setattr(shared_calls, "DEAR", 10**9)
    assert whole()
    assert len(calls) > 15


@pytest.mark.parametrize("count", range(1, 12, 2))
@pytest.mark.parametrize("most", range(2, 6))
def test_no_two_tensors_of_as_many_axes_have_the_same_layouts_in_all_calls(count, most):
    layouts = tuple(f"layout {at}" for at in range(most))
    axes = [2 + at % 2 for at in range(count)]
    possible = [layouts[: most + 2 - kind] for kind in axes]
    calls = shared(possible, axes)
    rows = list(zip(*calls, strict=True))
    assert len(calls) >= 2
    for kind in (2, 3):
        own = [row for row, each in zip(rows, axes, strict=True) if each == kind]
        assert len(set(own)) == len(own)
    for row, each in zip(rows, possible, strict=True):
        assert all(row.count(layout) == 1 for layout in each)
        assert "contiguous" in row
