"""What is said of wrong kernels: only what reproduces their numbers, and one sentence for one fault."""

import pytest

torch = pytest.importorskip("torch")

import backcheck  # noqa: E402
from tests.subjects.kernels.corpus.entry import affine, fused, normal  # noqa: E402

EPS = 1e-5


def reference(x, w, b):
    return torch.nn.functional.layer_norm(x, x.shape[-1:], w, b, EPS)


def layer_norm(
    change=lambda dx, dw, db: (dx, dw, db), *, eps=EPS, correction=0, mean_term=True, scaled=False, rows=None
):
    """Float32 inside, with one thing done otherwise."""

    def forward(x, w, b):
        wide = x.float()
        away = wide - wide.mean(-1, keepdim=True)
        rstd = torch.rsqrt((away * away).sum(-1, keepdim=True) / (x.shape[-1] - correction) + eps)
        return (away * rstd * w.float() + b.float()).to(x.dtype), (x, w, b, away * rstd, rstd)

    def backward(saved, dy):
        x, w, b, xhat, rstd = saved
        dy = dy.float()
        g = dy * w.float()
        along = xhat * (g * xhat).mean(-1, keepdim=True)
        dx = rstd * (g - (g.mean(-1, keepdim=True) if mean_term else 0) - along)
        of_w = dy * ((xhat * w.float() + b.float()) if scaled else xhat)
        kept = slice(None) if rows is None else rows
        found = change(dx, of_w[kept].sum(0), dy[kept].sum(0))
        return tuple(each.to(x.dtype) for each in found)

    return fused(forward, backward)


def check(kernel, rows=48, columns=96, dtype=torch.bfloat16):
    generator = torch.Generator().manual_seed(0)
    x = normal(dtype, generator, rows, columns, scale=2.0)
    given = x, affine(dtype, generator, columns), affine(dtype, generator, columns)
    return backcheck.check_torch(kernel, *given, reference=reference)


def written(place, value):
    def change(dx, dw, db):
        dx = dx.clone()
        dx[place] = value(dx[place])
        return dx, dw, db

    return change


WRONG = {
    "zero": (layer_norm(lambda dx, dw, db: (0 * dx, dw, db)), "dx: every entry is zero"),
    "sign": (layer_norm(lambda dx, dw, db: (-dx, dw, db)), "dx: the sign is wrong"),
    "twice": (
        layer_norm(lambda dx, dw, db: (2 * dx, dw, db)),
        "dx: every entry is off by a factor 2",
    ),
    "scale": (
        layer_norm(lambda dx, dw, db: (dx / 96**0.5, dw, db)),
        "dx: every entry is off by a factor 1/sqrt(96)",
    ),
    "mean": (layer_norm(lambda dx, dw, db: (dx, dw, db / 48)), "db: every entry is off by a factor 1/48"),
    "last block": (
        layer_norm(written((slice(None), slice(90, None)), lambda part: 0 * part)),
        "dx: right up to column 89, wrong from column 90 on, of 96: the last block, which is never written",
    ),
    "block twice": (
        layer_norm(written((slice(None), slice(64, None)), lambda part: 2 * part)),
        "dx: right up to column 63, wrong from column 64 on, of 96: the last block, which is added twice",
    ),
    "a row": (layer_norm(written((7,), lambda part: part + 1)), "dx: wrong in row 7 alone, of 48"),
    "shifted": (layer_norm(lambda dx, dw, db: (dx, dw.roll(1), db)), "dw: shifted by one place"),
    "eps": (layer_norm(eps=1e-3), "with 0.001 in the place of EPS = 1e-05"),
    "variance": (layer_norm(correction=1), "N - 1 for N in a variance"),
    "mean term": (layer_norm(mean_term=False), "dx: in each row one number is added to all entries"),
    "scaled output": (layer_norm(scaled=True), "dw: it is the sum of dy times the output"),
    "last writer": (
        layer_norm(rows=slice(32, None)),
        "db: only the last 16 of 48 rows are in it: each block overwrites what those before have added",
    ),
    "ragged end": (layer_norm(rows=slice(None, 40)), "dw: the last 8 of 48 rows are not in it"),
    "not a number": (
        layer_norm(written((slice(None), 3), lambda part: part * torch.nan)),
        "dx: 48 of 4608 entries are NaN, in the columns 3 to 3 of 96",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_the_fault_is_said(name):
    kernel, said = WRONG[name]
    found = check(kernel)
    text = "\n".join(found.found.faults)
    assert said in text, f"{text}\n{found}"
    assert str(found.verdict) == "disagree"
    assert said.partition(": ")[2].split(",")[0][:40] in found.explain().replace("\n    ", " ")


def test_what_takes_no_notice_of_dy():
    def backward(saved, dy):
        (x,) = saved
        return (x.float().cos()).to(x.dtype)

    kernel = fused(lambda x: (torch.sin(x.float()).to(x.dtype), (x,)), backward)
    x = normal(torch.bfloat16, torch.Generator().manual_seed(0), 9, 7)
    found = backcheck.check_torch(kernel, x, reference=lambda x: torch.sin(x))
    assert found.found.faults == ("dx: it takes no notice of dy: this is the gradient for a dy of ones",)


def test_a_right_kernel_has_no_fault():
    found = check(layer_norm())
    assert found
    assert not found.found.faults


def test_a_coarse_sum_is_a_precision_and_no_fault():
    def backward(saved, dy):
        return dy.expand(saved[0].shape)

    def low(x):
        total = torch.zeros_like(x[0])
        for row in x:
            total = total + row
        return total, (x,)

    x = normal(torch.bfloat16, torch.Generator().manual_seed(0), 200, 33)
    found = backcheck.check_torch(fused(low, backward), x, reference=lambda x: x.sum(0))
    assert str(found.verdict) == "imprecise", str(found)
    assert "everything in bfloat16" in str(found)
    assert not found.found.faults


def test_no_factor_is_named_that_is_nearer_to_one_than_a_rounding():
    """log(1 + e^x) loses digits where e^x is small: an imprecise form of the same function."""
    x = torch.linspace(-8, -5, 200)

    def kernel(x):
        return torch.log(1 + torch.exp(x))

    found = backcheck.check_torch(kernel, x, reference=torch.nn.functional.softplus, wrt=())
    assert str(found.verdict) == "imprecise"
    assert not found.found.faults


def test_where_an_entry_is_infinite_no_shift_is_told():
    x = torch.tensor([[1.0, 5.0, 5.0]])
    kernel = lambda x: torch.where(torch.arange(3) == 0, torch.inf, x + 0.0)  # noqa: E731
    found = backcheck.check_torch(kernel, x, reference=lambda x: x + 0.0, wrt=())
    assert found.found.faults == ("output: 1 of 3 entries are infinite, in the columns 0 to 0 of 3",)


def test_a_factor_near_one_is_said_with_its_digits():
    x = torch.linspace(0.1, 3, 40, dtype=torch.float64)
    found = backcheck.check_torch(lambda x: x.exp() * (1 + 1e-13), x, reference=torch.exp, wrt=())
    (fault,) = found.found.faults
    assert fault == "output: every entry is off by one factor, 1.0000000000001"


def test_a_few_entries_that_are_imprecise_have_no_factor():
    """1 - 2 / (1 + e^2x) loses the digits of a tanh that is small."""
    x = torch.linspace(0.02, 1.5, 6000).reshape(6, 1000)
    found = backcheck.check_torch(lambda x: 1 - 2 / (1 + torch.exp(2 * x)), x, reference=torch.tanh, wrt=())
    assert 0 < found.tensors[0].wrong < 3000
    assert str(found.verdict) == "imprecise"
    assert not found.found.faults
