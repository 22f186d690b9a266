"""The corpus of kernels judged: every right one agrees with the model that it keeps, every wrong one is caught."""

import pytest

torch = pytest.importorskip("torch")

import backcheck  # noqa: E402
from backcheck.subjects.kernels.asked.models import ladder, promised  # noqa: E402
from tests.subjects.kernels.corpus.catalogue import ENTRIES  # noqa: E402

CELLS = [(entry, dtype) for entry in ENTRIES for dtype in entry.dtypes]
RIGHT = [cell for cell in CELLS if cell[0].right]
# each wrong one in its first dtype, and in all of them where deep runs are asked for
WRONG = [
    pytest.param((entry, dtype), marks=[pytest.mark.slow] if dtype != entry.dtypes[0] else [])
    for entry, dtype in CELLS
    if not entry.right
]
COARSE = [cell for cell in RIGHT if cell[0].insides in ("stored", "dtype") and cell[1] != torch.float32]
# a single number, which a sum of the dtype may round rightly by chance
BY_CHANCE = {"mse_low_loss"}


def _name(cell):
    entry, dtype = cell
    return f"{entry.name}-{str(dtype).removeprefix('torch.')}"


def _drawn(entry, dtype, seed=1):
    return entry.draw(dtype, "odd", torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("cell", RIGHT, ids=_name)
def test_a_right_kernel_agrees(cell):
    entry, dtype = cell
    found = backcheck.check_torch(
        entry.kernel, *_drawn(entry, dtype), reference=entry.reference, inside=entry.promise(dtype)
    )
    assert found, str(found)


@pytest.mark.parametrize("cell", WRONG, ids=_name)
def test_a_wrong_kernel_is_caught(cell):
    entry, dtype = cell
    for seed in range(1, 9 if entry.name in BY_CHANCE else 2):
        found = backcheck.check_torch(entry.kernel, *_drawn(entry, dtype, seed), reference=entry.reference)
        if not found:
            break
    assert not found, str(found)
    assert found.fault is not None
    with pytest.raises(AssertionError, match=r"DISAGREE|IMPRECISE|SIDE EFFECT"):
        found.assert_ok()


@pytest.mark.parametrize("cell", COARSE, ids=_name)
def test_the_model_that_a_coarser_kernel_keeps_is_named(cell):
    """A tensor that is as good as one of a finer model on these numbers may be said to keep that."""
    entry, dtype = cell
    own = str(dtype).removeprefix("torch.")
    found = backcheck.check_torch(entry.kernel, *_drawn(entry, dtype), reference=entry.reference)
    order = ladder(own, promised(None, own))
    coarsest = order.index(promised(entry.promise(dtype), own))
    for each in found.tensors:
        assert each.explained_by is None or order.index(each.explained_by) <= coarsest, str(found)
