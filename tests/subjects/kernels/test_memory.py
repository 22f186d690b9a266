"""Memory around tensors: whatever a kernel writes or reads outside of them, or leaves unwritten, is told by name."""

import math

import numpy as np
import pytest
import torch

from backcheck.subjects.kernels.calls import allocations, memory
from backcheck.subjects.kernels.calls.call import call, pair_kernel, torch_kernel
from backcheck.subjects.kernels.calls.determinism import spread
from backcheck.subjects.kernels.calls.memory import GuardedMemory, same_bits
from backcheck.subjects.kernels.calls.undefined import surroundings
from tests.subjects.kernels import planted

DTYPES = [torch.float64, torch.float32, torch.float16, torch.bfloat16]


def given(dtype=torch.float32, rows=5, columns=7):
    generator = torch.Generator().manual_seed(0)
    shapes = (rows, columns), (columns,), (rows, columns)
    x, w, dy = (torch.randn(shape, generator=generator).to(dtype) for shape in shapes)
    return [x, w], [dy]


def findings(forward=None, backward=None, tensors=None):
    x, dy = given() if tensors is None else tensors
    kernel = torch_kernel(planted.scaled_rows(forward, backward))
    return surroundings(kernel, x, dy, names=("x", "w")).findings


def test_a_right_kernel_has_no_finding():
    assert findings() == ()


@pytest.mark.parametrize(
    ("forward", "words"),
    [
        (planted.writes_beyond, "writes 3 entries beyond the end of y, of shape [5, 7]"),
        (planted.writes_before, "writes 1 entry before the beginning of y, of shape [5, 7]"),
    ],
)
def test_a_write_outside_of_an_output_is_told(forward, words):
    assert findings(forward) == (words,)


def test_a_write_between_the_rows_of_an_input_is_told():
    (x, w), dy = given()
    wide = torch.zeros(5, 9)
    wide[:, :7] = x
    assert findings(planted.writes_into_a_neighbour, tensors=([wide[:, :7], w], dy)) == (
        "writes 1 entry between the entries of x, of shape [5, 7]",
    )


def test_a_read_beyond_the_end_is_told():
    (found,) = findings(backward=planted.reads_beyond)
    assert found == "7 of 7 entries of dw depend on memory outside of the tensors, [0] first"


@pytest.mark.parametrize(
    ("backward", "words"),
    [
        (
            planted.last_block_never_written,
            "7 of 35 entries of dx depend on memory that was never written, [4, 0] first",
        ),
        (
            planted.accumulates_into_fresh_memory,
            "7 of 7 entries of dw depend on memory that was never written, [0] first",
        ),
        (planted.changes_its_input, "changes x, which it is given"),
        (planted.changes_its_cotangent, "changes dy, which it is given"),
    ],
)
def test_what_else_happens_to_memory_is_told(backward, words):
    assert findings(backward=backward) == (words,)


def test_an_expanded_cotangent_read_as_if_it_were_not_stays_within_the_band():
    x, _ = given(rows=300, columns=70)
    expanded = [torch.ones(()).expand(300, 70)]
    run = call(torch_kernel(planted.scaled_rows(backward=planted.ignores_strides)), x, expanded)
    assert run.gradients[0].isnan().sum() == 300 * 70 - 1


def test_a_kernel_that_varies_by_itself_is_not_blamed_for_it():
    def noisy(x, w):
        return planted.right_forward(x, w) + torch.from_numpy(np.random.default_rng().normal(size=x.shape)).float()

    x, dy = given()
    kernel = torch_kernel(planted.scaled_rows(noisy))
    known = spread(kernel, x, dy)
    assert not known.deterministic
    assert surroundings(kernel, x, dy, known=known).findings == ()
    blamed = surroundings(
        torch_kernel(planted.scaled_rows(noisy, planted.last_block_never_written)), x, dy, known=known
    )
    assert [each for each in blamed.findings if "never written" in each]


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_lies_around_is_nan_in_every_dtype(dtype):
    held = GuardedMemory().hold(torch.ones(3, dtype=dtype), "x")
    assert held.as_strided((64,), (1,), held.storage_offset() - 64).isnan().all()
    assert held.as_strided((64,), (1,), held.storage_offset() + 3).isnan().all()
    other = GuardedMemory(rest="number").hold(torch.ones(3, dtype=dtype), "x")
    assert 1e3 < other.as_strided((1,), (1,), other.storage_offset() - 1).item() < 1e5


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.uint8, torch.bool, torch.float8_e4m3fn])
def test_other_dtypes_are_surrounded_too(dtype):
    guarded = GuardedMemory()
    held = guarded.hold(torch.ones(3, 4, dtype=dtype), "index")
    assert held.dtype == dtype
    assert same_bits(held, torch.ones(3, 4, dtype=dtype))
    assert guarded.damage() == ()
    held.view(torch.uint8).reshape(-1).as_strided((1,), (1,), held.storage_offset() * held.itemsize - 1).fill_(0)
    assert guarded.damage() == ("writes 1 entry before the beginning of index, of shape [3, 4]",)


def test_strides_offset_and_alignment_stay():
    base = torch.randn(2, 3, 8)
    views = base, base.transpose(1, 2), base[..., ::2], base.reshape(-1)[1:], base[:1].expand(5, 3, 8), base[0, 0, 0]
    for view in (*views, base.unfold(2, 3, 1)):
        held = GuardedMemory().hold(view)
        assert held.stride() == view.stride()
        assert same_bits(held, view)
        assert held.data_ptr() % 64 == view.data_ptr() % 64
        assert held._base is None


def test_a_tensor_without_entries_can_still_grow():
    def forward(x):
        y = x.new_empty(0)
        return torch.mul(x, 2, out=y)

    run = call(torch_kernel(forward, wrt=()), [torch.ones(40)], None, fill=math.nan)
    assert run.damage == ()
    assert run.outputs[0].tolist() == [2.0] * 40


def test_numpy_writes_into_the_same_memory():
    def forward(x):
        np.lib.stride_tricks.as_strided(x, (x.size + 2,))[x.size :] = 0
        return 2 * x, None

    run = call(pair_kernel(forward, lambda saved, dy: (2 * dy,)), [torch.ones(4)], [torch.ones(4)], names=("x",))
    assert run.damage == ("writes 2 entries beyond the end of x, of shape [4]",)
    assert run.written == ()


def test_without_guards_there_is_nothing_to_see():
    x, dy = given()
    run = call(torch_kernel(planted.scaled_rows()), x, dy, guarded=False)
    assert run.damage == ()
    assert same_bits(run.outputs[0], planted.right_forward(*x))


def numpy_forward(x, *, more=0, rows=None):
    y = np.empty_like(x)
    np.lib.stride_tricks.as_strided(y, (y.size + more,))[:rows] = 2
    return y


def test_what_numpy_allocates_is_watched_too():
    kernel = pair_kernel(numpy_forward, None)
    x = [torch.ones(4, dtype=torch.bfloat16)]
    assert surroundings(kernel, x, None).findings == ()
    assert surroundings(kernel, x, None, {"more": 2}).findings == (
        "writes 2 entries beyond the end of y, of shape [4]",
    )
    assert surroundings(kernel, x, None, {"rows": 3}).findings == (
        "1 of 4 entries of y depends on memory that was never written, [3] first",
    )
    assert np.empty.__module__ == "numpy"


def test_what_is_taken_from_the_c_library_is_filled():
    if allocations._malloc_options is None:
        pytest.skip("the C library here has no mallopt")
    real = np.empty
    with allocations.watched(GuardedMemory(), math.nan):
        assert (real(5000, np.float32) < -1e36).all()
    with allocations.watched(GuardedMemory(), 1e30):
        assert (real(5000, np.float32) > 1e36).all()


def test_what_is_held_is_a_small_multiple_of_what_is_given(monkeypatch):
    monkeypatch.setattr(memory, "LEAST_ROOM", 0)
    monkeypatch.setattr(memory, "MOST_TIMES", 2)
    sizes = []

    def forward(x):
        made = [torch.empty_like(x) for _ in range(9)]
        sizes.extend(each.untyped_storage().nbytes() for each in made)
        return x

    call(torch_kernel(forward), [torch.ones(1000)], None, fill=0.0)
    assert sizes.count(4000) == 6
