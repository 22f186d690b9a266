"""Layer norm bounded in one piece, beside the same taken step by step: one bound, and one fallback."""

import pytest

torch = pytest.importorskip("torch")

from backcheck_reference.frontends.torch_code.tensor_balls import enclose  # noqa: E402
from backcheck_reference.numbers.tensor_balls import layer_norm  # noqa: E402
from backcheck_reference.numbers.tensor_balls.rounding import Rounding  # noqa: E402

FLOAT32, FLOAT64 = Rounding(8 * 2.0**-24, 2.0**-24, largest=3e38, largest_sum=3e38), Rounding(2.0**-50, 2.0**-53)
BFLOAT16 = Rounding(2.0**-8, 2.0**-8, largest=3e38, largest_sum=3e38)
HALF = Rounding(2.0**-11, 2.0**-24, largest=65504.0, largest_sum=3e38)


def balls(rounding, size, given):
    x, w, b, dy = given
    affine = [each for each in (w, b) if each is not None]

    def function(x, *affine):
        return torch.nn.functional.layer_norm(x, (size,), *affine)

    found = enclose(function, [x, *affine], [dy], range(1 + len(affine)), rounding)
    return [*found.outputs, *found.gradients]


def drawn(size, count, scale=2.0):
    generator = torch.Generator().manual_seed(size + count)
    x, w, b, dy = (torch.randn(shape, generator=generator) for shape in ((90, size), size, size, (90, size)))
    x, w, b, dy = (each.bfloat16() for each in (scale * x + 0.5, w, b, dy))
    x[3], x[5] = 0, 7  # rows without a variance
    return x, (w if count > 0 else None), (b if count > 1 else None), dy


@pytest.mark.parametrize("rounding", [FLOAT32, FLOAT64, BFLOAT16, HALF], ids=["float32", "float64", "bfloat16", "half"])
@pytest.mark.parametrize("count", [0, 1, 2])
@pytest.mark.parametrize("size", [5, 700])
def test_in_one_piece_the_bound_is_that_of_the_steps(monkeypatch, rounding, size, count):
    given = drawn(size, count)
    whole = balls(rounding, size, given)
    monkeypatch.setattr(layer_norm, "applies", lambda *_: False)
    for one, other in zip(whole, balls(rounding, size, given), strict=True):
        assert one.mid.shape == other.mid.shape
        assert ((one.mid - other.mid).abs() <= 0.1 * other.rad + 1e-15 * other.mid.abs()).all()
        known = other.rad.isfinite()
        assert torch.equal(one.rad.isfinite(), known)
        seen = known & (other.rad > 1e-30)  # below these are smallest numbers, which are counted once more
        part = one.rad[seen] / other.rad[seen]
        assert (part > 1 - 1e-12).all()
        assert (part < 1.0001).all()


@pytest.mark.parametrize("scale", [3e3, 1e37])
def test_where_a_number_may_be_beyond_the_largest_the_steps_say_which(monkeypatch, scale):
    rounding = HALF if scale < 1e9 else FLOAT32
    given = drawn(64, 2, scale)
    whole = balls(rounding, 64, given)
    monkeypatch.setattr(layer_norm, "applies", lambda *_: False)
    other = balls(rounding, 64, given)
    assert any(not each.rad.isfinite().all() for each in other)
    assert all(torch.equal(a.rad, b.rad) for a, b in zip(whole, other, strict=True))
