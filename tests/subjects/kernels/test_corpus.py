"""The corpus is what it says: right kernels lie near the truth, and every wrong one is seen to be wrong.

What backcheck says of them is tested elsewhere.
"""

import math

import pytest

torch = pytest.importorskip("torch")

from tests.subjects.kernels.corpus.catalogue import ENTRIES, RIGHT, WRONG  # noqa: E402
from tests.subjects.kernels.corpus.entry import ALL, CIRCUMSTANCES  # noqa: E402
from tests.subjects.kernels.measures import (  # noqa: E402
    COARSE,
    FLOAT32,
    ROUNDED_ONCE,
    SEEN,
    SIZES,
    allowed,
    answer,
    cotangent,
    drawn,
    transposed,
    worst,
)

CASES = [pytest.param(entry, dtype, id=f"{entry.name}-{dtype}") for entry in ENTRIES for dtype in entry.dtypes]


def test_the_corpus_is_large_enough():
    operations = {entry.operation for entry in ENTRIES}
    fine = [entry for entry in RIGHT if entry.insides == "float32"]
    assert len(ENTRIES) >= 44
    assert len(operations) >= 20
    assert len(fine) >= 18
    assert len(RIGHT) - len(fine) >= 6
    assert len(WRONG) >= 24
    assert {dtype for entry in ENTRIES for dtype in entry.dtypes} == set(ALL)


def test_a_name_means_one_entry():
    assert len({entry.name for entry in ENTRIES}) == len(ENTRIES)


def test_an_entry_is_right_or_wrong():
    assert all(bool(entry.insides) != bool(entry.fault) for entry in ENTRIES)
    assert {entry.circumstance for entry in ENTRIES} <= set(CIRCUMSTANCES)


@pytest.mark.parametrize(("entry", "dtype"), [case for case in CASES if case.values[0].right])
def test_a_right_kernel_is_near_the_truth(entry, dtype):
    for size in SIZES:
        assert worst(entry, dtype, size) <= allowed(entry, dtype), size


COARSER = [case for case in CASES if case.values[0].insides in COARSE and case.values[1] is torch.bfloat16]


@pytest.mark.parametrize(("entry", "dtype"), COARSER)
def test_a_coarser_kernel_is_coarser(entry, dtype):
    assert worst(entry, dtype, "large") > ROUNDED_ONCE


@pytest.mark.parametrize(("entry", "dtype"), [c for c in CASES if c.values[0].fault and not c.values[0].circumstance])
def test_a_wrong_kernel_is_seen(entry, dtype):
    assert max(worst(entry, dtype, size) for size in ("odd", "large")) > SEEN[dtype]


def told(circumstance):
    return [case for case in CASES if case.values[0].circumstance == circumstance]


@pytest.mark.parametrize(("entry", "dtype"), told("expanded cotangent"))
def test_a_cotangent_that_is_taken_for_contiguous(entry, dtype):
    assert worst(entry, dtype, "odd") <= FLOAT32
    assert worst(entry, dtype, "odd", dy=lambda y: torch.ones((), dtype=dtype).expand(y.shape)) > SEEN[dtype]


@pytest.mark.parametrize(("entry", "dtype"), told("transposed input"))
def test_an_input_that_is_taken_for_contiguous(entry, dtype):
    assert worst(entry, dtype, "odd") <= FLOAT32
    turned = worst(entry, dtype, "odd", change=lambda tensors: tuple(transposed(x) for x in tensors))
    assert turned > SEEN[dtype]


@pytest.mark.parametrize(("entry", "dtype"), told("poisoned memory"))
def test_memory_that_is_never_written(entry, dtype, monkeypatch):
    monkeypatch.setattr(torch.utils.deterministic, "fill_uninitialized_memory", True)
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        assert worst(entry, dtype, "odd") == math.inf
        assert worst(entry, dtype, "large") <= FLOAT32
    finally:
        torch.use_deterministic_algorithms(before)


@pytest.mark.parametrize(("entry", "dtype"), told("changed input"))
def test_an_input_that_is_written_to(entry, dtype):
    tensors, generator = drawn(entry, dtype, "odd")
    answer(entry.kernel, copies := [x.clone() for x in tensors], lambda y: cotangent(y, generator))
    assert any(not torch.equal(x, copy) for x, copy in zip(tensors, copies, strict=True))


@pytest.mark.parametrize("entry", RIGHT, ids=lambda entry: entry.name)
def test_a_right_kernel_leaves_its_inputs_alone_and_takes_any_layout(entry):
    tensors, generator = drawn(entry, entry.dtypes[-1], "odd")
    copies = [transposed(x).detach().clone(memory_format=torch.preserve_format) for x in tensors]
    straight, dy = answer(entry.kernel, tensors, lambda y: cotangent(y, generator))
    turned, _ = answer(entry.kernel, copies, transposed(dy))
    assert all(torch.equal(x, copy) for x, copy in zip(tensors, copies, strict=True))
    torch.testing.assert_close(turned, straight)
