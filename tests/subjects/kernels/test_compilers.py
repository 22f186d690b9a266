"""Memory around tensors as the compilers' own kernels see it: Triton's interpreter, numba, torch.compile."""

import pytest
import torch

from backcheck.subjects.kernels.calls.call import call, pair_kernel, torch_kernel
from backcheck.subjects.kernels.calls.layouts import laid_out
from backcheck.subjects.kernels.calls.undefined import surroundings


@pytest.mark.filterwarnings("ignore")
def test_triton_kernels_write_and_read_through_pointers(monkeypatch):
    triton = pytest.importorskip("triton", reason="Triton is not installed")
    tl = pytest.importorskip("triton.language")
    monkeypatch.setenv("TRITON_INTERPRET", "1")

    @triton.jit
    def doubled(x_ptr, y_ptr, entries, BLOCK: tl.constexpr):
        at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        tl.store(y_ptr + at, 2 * tl.load(x_ptr + at, mask=at < entries), mask=at < entries)

    # no function of tl's own library: those are compiled ones if Triton was imported before the variable was set
    @triton.jit
    def next_entry(x_ptr, y_ptr, entries, BLOCK: tl.constexpr):
        at = tl.arange(0, BLOCK)
        tl.store(y_ptr + at, tl.load(x_ptr + at + 1, mask=at < entries), mask=at < entries)

    def forward(x, *, blocks, more=0):
        y = torch.empty_like(x)
        doubled[(blocks,)](x, y, x.numel() + more, BLOCK=16)
        return y

    def moved(x):
        y = torch.empty_like(x)
        next_entry[(1,)](x, y, x.numel(), BLOCK=64)
        return y

    def findings(kernel, **config):
        found = surroundings(torch_kernel(kernel), [torch.randn(50)], None, config)
        return (found.raised,) if found.raised else found.findings

    assert findings(forward, blocks=4) == ()
    assert findings(forward, blocks=4, more=3) == ("writes 3 entries beyond the end of y, of shape [50]",)
    assert findings(forward, blocks=3) == ("2 of 50 entries of y depend on memory that was never written, [48] first",)
    assert findings(moved) == ("1 of 50 entries of y depends on memory outside of the tensors, [49] first",)


def test_numba_writes_into_the_memory_that_it_is_given():
    numba = pytest.importorskip("numba", reason="numba is not installed")

    @numba.njit
    def shifted(x, more):
        y = 2 * x
        for at in range(x.size + more):
            x[at] = 0
        return y

    kernel = pair_kernel(lambda x, *, more: shifted(x, more), None)
    run = call(kernel, [torch.ones(50)], None, {"more": 3}, names=("x",))
    assert run.damage == ("writes 3 entries beyond the end of x, of shape [50]",)
    assert run.written == ("x",)


@pytest.mark.slow  # it compiles with a C++ compiler
@pytest.mark.filterwarnings("ignore")
def test_compiled_code_is_what_runs_as_long_as_no_allocation_is_watched():
    seen = []

    def scaled(x, w):
        if not torch.compiler.is_compiling():
            seen.append("as it is written")
        return torch.softmax(x * w, -1)

    x, w, dy = torch.randn(5, 7), torch.randn(7), torch.ones(5, 7)
    kernel = torch_kernel(torch.compile(scaled))
    for layout in ("contiguous", "expanded", "transposed", "offset"):
        run = call(kernel, [x, w], [laid_out(dy, layout)])
        assert (run.raised, run.damage, run.written) == ("", (), ())
    assert not seen
    assert surroundings(kernel, [x, w], [dy]).findings == ()
    assert seen
