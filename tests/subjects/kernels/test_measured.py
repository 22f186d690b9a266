"""One pass by slabs says what whole arrays would: of ordinary numbers, and of those that are none."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from backcheck.subjects.kernels.asked.models import Model, promised  # noqa: E402
from backcheck.subjects.kernels.judged import allowed  # noqa: E402
from backcheck.subjects.kernels.judged.allowed import Allowance, beyond_range  # noqa: E402
from backcheck.subjects.kernels.judged.measured import measured  # noqa: E402

ODD = {"none": (), "nan": (np.nan,), "infinite": (np.inf, -np.inf), "large": (1e39, 7e4), "zero": (0.0, 0.0)}


def case(odd, dtype, seed=0):
    rng = np.random.default_rng(seed)
    mid = rng.standard_normal(5000)
    rad = abs(mid) * rng.choice([0.0, 1e-6, 1e-2], 5000)
    got = torch.from_numpy(mid).to(getattr(torch, dtype))
    for at, value in enumerate(ODD[odd]):
        mid[777 * (at + 1)] = value
        got[1001 * (at + 1)] = torch.tensor(value).to(got.dtype)
    rad[::999] = np.inf
    return Allowance(mid, rad, dtype, promised(None, dtype)), got


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32", "float64"])
@pytest.mark.parametrize("odd", ODD)
def test_a_pass_by_slabs_says_what_whole_arrays_say(monkeypatch, odd, dtype):
    monkeypatch.setattr(allowed, "SLAB", 128)
    own, got = case(odd, dtype)
    found, whole, answer = measured(own, got), own.whole(), got.double().numpy()
    with np.errstate(all="ignore"):
        outside = np.isnan(own.mid) | (np.isfinite(own.mid) & beyond_range(abs(own.mid) + whole.allowed, dtype))
        bound = np.where(outside, np.inf, whole.allowed)
        error = abs(answer - own.mid)
        parts = np.where(answer == own.mid, 0.0, error / bound)
    parts = np.where(np.isinf(bound), 0.0, np.where(np.isnan(parts), np.inf, parts))
    known = np.isfinite(bound) & np.isfinite(own.mid)
    assert found.fraction == parts.max()
    assert parts[found.place] == parts.max()
    assert found.wrong == (parts > 1).sum()
    assert found.lost == (~np.isfinite(bound)).sum()
    assert found.scale == abs(own.mid[known]).max()
    assert found.allowed == bound[known].max()
    assert found.absolute == (np.inf if np.isnan(error[known]).any() else error[known].max())
    finite = own.mid[np.isfinite(own.mid)]
    assert (found.low, found.high) == (finite.min(), finite.max())


@pytest.mark.parametrize(("answer", "radius"), [("zeros", 4.0), ("one number everywhere", 4.0), ("", 1e-3)])
def test_answers_that_anybody_can_give_are_tried_in_every_entry(answer, radius):
    mid = np.random.default_rng(0).uniform(1.0, 3.0, 50_000)
    own = Allowance(mid, np.full_like(mid, radius), "float32", Model("float32", "float32"))
    assert answer in measured(own, torch.from_numpy(mid)).accepted
    own.rad[12_345] = 1e-9  # one entry tells
    assert not measured(own, torch.from_numpy(mid)).accepted
