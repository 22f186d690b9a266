"""PyTorch functions that run on exact numbers, a row each: the function and its arrays.

docs/exact-operations.md lists them by these groups; a test holds the two together.
"""

import numpy as np
import torch
import torch.nn.functional as F

RNG = np.random.default_rng(3)


def normal(*shape):
    return RNG.standard_normal(shape)


def positive(*shape):
    return abs(RNG.standard_normal(shape)) + 0.3


def inner(*shape):
    return RNG.uniform(-0.8, 0.8, shape)


def between(*shape):
    return RNG.uniform(0.1, 0.9, shape)


def regular(n=3):
    return normal(n, n) + 3 * np.eye(n)


def definite(n=3):
    a = normal(n, n)
    return a @ a.T + np.eye(n)


def symmetric(a):
    return (a + a.mT) / 2


def module(made):
    return made.double().requires_grad_(False)


def first(made):
    def run(*arrays):
        found = made(*arrays)
        return found[0] if isinstance(found, tuple) else found

    return run


def signs():
    return torch.tensor([1.0, -1.0, 1.0], dtype=torch.float64)


def labels():
    return torch.tensor([0, 2, 1])


INDEX = torch.tensor([0, 1, 0, 2, 2])
special = torch.special
distributions = torch.distributions
torch.manual_seed(0)

LINEAR_ALGEBRA = {
    "inv": (lambda a: torch.linalg.inv(a), regular()),
    "inv_batch": (lambda a: torch.inverse(a), np.stack([regular(), regular()])),
    "solve": (lambda a, b: torch.linalg.solve(a, b), regular(), normal(3, 2)),
    "solve_vec": (lambda a, b: torch.linalg.solve(a, b), regular(), normal(3)),
    "det": (lambda a: torch.linalg.det(a), regular()),
    "torch.det": (lambda a: torch.det(a), np.stack([regular(), regular()])),
    "slogdet": (lambda a: torch.linalg.slogdet(a)[1], regular()),
    "logdet": (lambda a: torch.logdet(a @ a.mT + torch.eye(3, dtype=a.dtype)), regular()),
    "cholesky": (lambda a: torch.linalg.cholesky(a), definite()),
    "cholesky_sym": (lambda a: torch.linalg.cholesky(a @ a.mT + torch.eye(3, dtype=a.dtype)), normal(3, 3)),
    "cholesky_solve": (
        lambda b, a: torch.cholesky_solve(b, torch.linalg.cholesky(symmetric(a))),
        normal(3, 2),
        definite(),
    ),
    "cholesky_inverse": (
        lambda a: torch.cholesky_inverse(torch.linalg.cholesky(a @ a.mT + torch.eye(3, dtype=a.dtype))),
        normal(3, 3),
    ),
    "qr": (lambda a: torch.linalg.qr(a)[0] @ torch.ones(3, dtype=a.dtype), regular()),
    "qr_r": (lambda a: torch.linalg.qr(a)[1], normal(4, 3)),
    "svdvals": (lambda a: torch.linalg.svdvals(a), normal(3, 2)),
    "svd": (lambda a: (lambda u, s, v: u * s.exp() @ v)(*torch.linalg.svd(a, full_matrices=False)), normal(3, 2)),
    "eigvalsh": (lambda a: torch.linalg.eigvalsh(symmetric(a)), normal(3, 3)),
    "eigh": (lambda a: (lambda w, v: v * w.exp() @ v.mT)(*torch.linalg.eigh(symmetric(a))), normal(3, 3)),
    "norm": (lambda a: torch.linalg.norm(a), normal(3, 2)),
    "lstsq": (lambda a, b: torch.linalg.lstsq(a, b).solution, normal(4, 2), normal(4, 1)),
    "pinv": (lambda a: torch.linalg.pinv(a), normal(4, 2)),
    "pinverse": (lambda a: torch.pinverse(a), normal(2, 3)),
    "matrix_exp": (lambda a: torch.linalg.matrix_exp(a), normal(3, 3)),
    "matrix_power": (lambda a: torch.linalg.matrix_power(a, 3), normal(3, 3)),
    "matrix_power -2": (lambda a: torch.linalg.matrix_power(a, -2), regular()),
    "solve_triangular": (lambda a, b: torch.linalg.solve_triangular(a.tril(), b, upper=False), regular(), normal(3, 2)),
    "triangular_solve": (lambda b, a: torch.triangular_solve(b, a)[0], normal(3, 2), regular()),
    "lu": (lambda a: (lambda p, low, u: p @ low + u)(*torch.linalg.lu(a)), regular()),
    "lu_solve": (lambda a, b: torch.linalg.lu_solve(*torch.linalg.lu_factor(a), b), regular(), normal(3, 2)),
    "cond": (lambda a: torch.linalg.cond(a), regular()),
    "multi_dot": (lambda a, b, c: torch.linalg.multi_dot([a, b, c]), normal(2, 3), normal(3, 2), normal(2, 2)),
    "cross": (lambda a, b: torch.linalg.cross(a, b), normal(2, 3), normal(2, 3)),
    "householder_product": (lambda a, t: torch.linalg.householder_product(a, t), normal(3, 2), normal(2)),
    "vander": (lambda a: torch.linalg.vander(a), normal(3)),
    "tensorinv": (lambda a: torch.linalg.tensorinv(a.reshape(2, 2, 4)), regular(4)),
    "trace": (lambda a: torch.trace(a) * a, normal(3, 3)),
    "logdet plain": (lambda a: torch.logdet(a), definite()),
}

FOURIER = {
    "rfft abs": (lambda x: torch.fft.rfft(x).abs(), normal(6)),
    "irfft rfft filter": (
        lambda x, h: torch.fft.irfft(torch.fft.rfft(x) * torch.fft.rfft(h), n=6),
        normal(6),
        normal(6),
    ),
    "fft2": (lambda x: torch.fft.fft2(x).real, normal(2, 3)),
    "rfft2 ortho": (lambda x: torch.fft.rfft2(x, norm="ortho").imag, normal(4, 3)),
    "fftn": (lambda x: torch.fft.fftn(x).abs(), normal(2, 2, 3)),
    "fftshift": (lambda x: torch.fft.fftshift(x), normal(5)),
    "stft": (
        lambda x: (
            torch.stft(x, 4, hop_length=2, window=torch.hann_window(4, dtype=x.dtype), return_complex=True).abs().pow(2)
        ),
        normal(12),
    ),
    "fftfreq": (lambda x: torch.fft.ifft(1j * torch.fft.fftfreq(5, dtype=x.dtype) * torch.fft.fft(x)).real, normal(5)),
    "istft": (
        lambda x: torch.istft(
            torch.stft(x, 4, hop_length=2, window=torch.hann_window(4, dtype=x.dtype), return_complex=True),
            4,
            hop_length=2,
            window=torch.hann_window(4, dtype=x.dtype),
        ),
        normal(12),
    ),
}

COMPLEX_NUMBERS = {
    "view_as_complex rotation": (
        lambda x: torch.view_as_real(
            torch.view_as_complex(x) * torch.polar(torch.ones(3, dtype=x.dtype), torch.arange(3, dtype=x.dtype))
        ),
        normal(2, 3, 2),
    ),
    "complex mul": (lambda a, b: torch.view_as_real(torch.complex(a, b) ** 2), normal(3), normal(3)),
    "complex abs angle": (lambda a, b: torch.complex(a, b).abs() + torch.complex(a, b).angle(), normal(3), normal(3)),
    "conj": (lambda a, b: (torch.complex(a, b) * torch.complex(a, b).conj()).real, normal(3), normal(3)),
    "complex exp": (lambda a: torch.exp(1j * a).real + torch.exp(1j * a).imag, normal(3)),
    "complex matmul": (lambda a, b: (torch.complex(a, b) @ torch.complex(b, a).mH).abs(), normal(2, 3), normal(2, 3)),
    "complex sqrt log": (
        lambda a, b: (torch.complex(a, b).sqrt() * torch.complex(a, b).log()).real,
        normal(3),
        normal(3),
    ),
    "complex tanh": (lambda a, b: (torch.complex(a, b).tanh() / torch.complex(b, a).cos()).imag, normal(3), normal(3)),
    "complex sum div": (
        lambda a, b: (torch.complex(a, b) / torch.complex(a, b).abs().sum()).imag + torch.complex(a, b).mean().real,
        normal(3),
        normal(3),
    ),
    "sgn complex": (lambda a, b: torch.complex(a, b).sgn().real, normal(3), normal(3)),
    "casts to complex": (lambda a: (a.to(torch.complex128) * 1j).imag, normal(3)),
    "complex cumsum stack": (
        lambda a, b: torch.stack([torch.complex(a, b).cumsum(0), torch.complex(b, a)]).prod(0).imag,
        normal(3),
        normal(3),
    ),
    "complex index": (
        lambda a, b: (torch.complex(a, b)[1:] * torch.complex(a, b)[:-1].conj()).imag,
        normal(3),
        normal(3),
    ),
    "complex inv": (lambda a, b: torch.linalg.inv(torch.complex(a, b)).real, regular(), normal(3, 3)),
    "complex zeros write": (
        lambda a: (lambda z: (z.__setitem__(0, a[0] * 1j), z)[1])(torch.zeros(3, dtype=torch.complex128)).imag * a,
        normal(3),
    ),
    "complex solve": (
        lambda a, b: torch.linalg.solve(torch.complex(a, a * 0.3), torch.complex(b, b)).imag,
        regular(),
        normal(3, 1),
    ),
    "complex reciprocal sigmoid": (
        lambda a, b: (1 / (1 + torch.exp(-torch.complex(a, b)))).abs(),
        normal(3),
        normal(3),
    ),
    "einsum complex": (
        lambda a, b: torch.einsum("ij,kj->ik", torch.complex(a, b), torch.complex(b, a)).abs(),
        normal(2, 3),
        normal(2, 3),
    ),
}

SPECIAL_FUNCTIONS = {
    "erfinv": (lambda x: torch.erfinv(x), inner(3)),
    "ndtri": (lambda x: special.ndtri(x), between(3)),
    "logit": (lambda x: torch.logit(x), between(3)),
    "logit eps": (lambda x: torch.logit(x, eps=0.2), between(5)),
    "polygamma 1": (lambda x: torch.polygamma(1, x), positive(3)),
    "polygamma 2": (lambda x: torch.polygamma(2, x), positive(3)),
    "zeta": (lambda x: special.zeta(torch.full_like(x, 2.5).detach(), x), positive(3)),
    "multigammaln": (lambda x: special.multigammaln(x + 2, 2), positive(3)),
    "xlogy": (lambda x, y: torch.xlogy(x, y), normal(3), positive(3)),
    "xlog1py": (lambda x, y: special.xlog1py(x, y), normal(3), positive(3)),
    "log_softmax sp": (lambda x: special.log_softmax(x, 0), normal(3)),
    "mvlgamma": (lambda x: torch.mvlgamma(x + 2, 2), positive(3)),
    "sinc at 0": (lambda x: torch.sinc(x), np.array([0.0, 0.3, 1.0])),
    "logaddexp2": (lambda a, b: torch.logaddexp2(a, b), normal(3), normal(3)),
    "ldexp": (lambda x: torch.ldexp(x, torch.tensor([1, 2, 3])), normal(3)),
    "float_power": (lambda x: torch.float_power(x, 1.5), positive(3)),
    "hypot": (lambda a, b: torch.hypot(a, b), normal(3), normal(3)),
    "deg2rad": (lambda x: torch.deg2rad(x), normal(3)),
    "atan2": (lambda a, b: torch.atan2(a, b), normal(3), normal(3)),
    "nan_to_num": (lambda x: torch.nan_to_num(x), normal(3)),
    "nansum": (lambda x: torch.nansum(x) * x, normal(3)),
    "nanmean": (lambda x: torch.nanmean(x) * x, normal(3)),
    "signbit": (lambda x: torch.where(torch.signbit(x), -x, 2 * x), normal(3)),
    "log_beta": (lambda a, b: torch.lgamma(a) + torch.lgamma(b) - torch.lgamma(a + b), positive(3), positive(3)),
}

DISTANCES = {
    "cdist": (lambda a, b: torch.cdist(a, b), normal(3, 2), normal(4, 2)),
    "cdist mm": (lambda a, b: torch.cdist(a, b, compute_mode="use_mm_for_euclid_dist"), normal(3, 2), normal(2, 2)),
    "pdist": (lambda a: F.pdist(a), normal(4, 2)),
    "pdist 1": (lambda a: F.pdist(a, 1.0), normal(3, 2)),
    "pairwise_distance": (lambda a, b: F.pairwise_distance(a, b), normal(3, 2), normal(3, 2)),
    "cosine_similarity": (lambda a, b: F.cosine_similarity(a, b), normal(3, 2), normal(3, 2)),
    "renorm": (lambda a: torch.renorm(a, 2, 0, 1.0), normal(3, 2)),
    "dist": (lambda a, b: torch.dist(a, b, 3), normal(3), normal(3)),
}

IMAGES = {
    "grid_sample 3d": (
        lambda x, g: F.grid_sample(x, g, align_corners=False),
        normal(1, 1, 2, 3, 2),
        inner(1, 2, 1, 2, 3),
    ),
    "affine_grid": (lambda t: F.affine_grid(t, [1, 1, 2, 3], align_corners=False), normal(1, 2, 3)),
    "affine_grid 3d": (lambda t: F.affine_grid(t, [1, 1, 2, 3, 2], align_corners=True), normal(1, 3, 4)),
    "interpolate scale": (lambda x: F.interpolate(x, scale_factor=1.7, mode="bilinear"), normal(1, 1, 3, 4)),
    "interpolate linear": (lambda x: F.interpolate(x, size=7, mode="linear"), normal(1, 2, 4)),
    "interpolate trilinear": (lambda x: F.interpolate(x, size=(3, 2, 4), mode="trilinear"), normal(1, 1, 2, 3, 2)),
    "interpolate nearest1d": (lambda x: F.interpolate(x, size=7, mode="nearest"), normal(1, 2, 4)),
    "interpolate doubled": (lambda x: F.interpolate(x, scale_factor=2), normal(1, 1, 2, 3)),
    "fold": (lambda x: F.fold(x, (3, 4), 2), normal(1, 4, 6)),
    "unfold": (lambda x: F.unfold(x, 2, padding=1, stride=2), normal(1, 2, 3, 4)),
    "pixel_shuffle": (lambda x: F.pixel_shuffle(x, 2), normal(1, 4, 2, 3)),
    "pixel_unshuffle": (lambda x: F.pixel_unshuffle(x, 2), normal(1, 1, 4, 2)),
    "channel_shuffle": (lambda x: F.channel_shuffle(x, 2), normal(1, 4, 2, 2)),
    "pad 1d reflect": (lambda x: F.pad(x, (2, 1), mode="reflect"), normal(1, 2, 4)),
    "pad 3d replicate": (lambda x: F.pad(x, (1, 1, 0, 1, 1, 0), mode="replicate"), normal(1, 1, 2, 3, 2)),
}

INDICES = {
    "index_add": (lambda x, y: x.index_add(0, INDEX, y), normal(4, 2), normal(5, 2)),
    "index_fill": (lambda x: x.index_fill(0, torch.tensor([1]), 2.0), normal(3, 2)),
    "masked_scatter": (lambda x, y: x.masked_scatter(torch.tensor([True, False, True]), y), normal(3), normal(3)),
    "take_along_dim": (lambda x: torch.take_along_dim(x, torch.tensor([[0], [1]]), 1), normal(2, 3)),
    "repeat_interleave": (lambda x: torch.repeat_interleave(x, torch.tensor([1, 2, 0]), 0), normal(3)),
    "index_put acc": (lambda x, y: x.index_put((INDEX,), y, accumulate=True), normal(4), normal(5)),
    "put": (lambda x, y: torch.put(x, torch.tensor([0, 3]), y), normal(4), normal(2)),
    "select_scatter": (lambda x, y: x.select_scatter(y, 0, 1), normal(3, 2), normal(2)),
    "diag_embed": (lambda x: torch.diag_embed(x), normal(2, 3)),
    "block_diag": (lambda a, b: torch.block_diag(a, b), normal(2, 2), normal(1, 3)),
    "tril_indices": (lambda a: a[tuple(torch.tril_indices(3, 3))], normal(3, 3)),
    "rot90": (lambda a: torch.rot90(a), normal(2, 3)),
    "cartesian_prod": (lambda a, b: torch.cartesian_prod(a, b), normal(2), normal(3)),
    "combinations": (lambda a: torch.combinations(a).prod(1), normal(4)),
    "trapezoid": (lambda a: torch.trapezoid(a), normal(4)),
    "cumulative_trapezoid": (lambda a: torch.cumulative_trapezoid(a), normal(4)),
    "diff": (lambda a: torch.diff(a), normal(4)),
    "gradient": (lambda a: torch.gradient(a)[0], normal(5)),
    "cov": (lambda a: torch.cov(a), normal(3, 4)),
    "corrcoef": (lambda a: torch.corrcoef(a), normal(3, 4)),
    "kron": (lambda a, b: torch.kron(a, b), normal(2, 2), normal(2, 3)),
    "tensordot": (lambda a, b: torch.tensordot(a, b, 1), normal(2, 3), normal(3, 2)),
    "vmap": (lambda a, b: torch.func.vmap(torch.dot)(a, b), normal(3, 2), normal(3, 2)),
    "count_nonzero": (lambda a: a * torch.count_nonzero(a), normal(3)),
    "unflatten": (lambda a: a.unflatten(0, (2, 2)).flatten(), normal(4)),
    "movedim": (lambda a: a.movedim(0, 1).contiguous().view(-1), normal(2, 3)),
    "aminmax": (lambda a: a.aminmax()[0] + a.aminmax()[1], normal(4)),
    "unfold tensor": (lambda a: a.unfold(0, 2, 1).prod(1), normal(4)),
    "narrow": (lambda a: a.narrow(0, 1, 2), normal(4)),
    "chunk": (lambda a: a.chunk(3)[1], normal(5)),
    "tensor_split": (lambda a: a.tensor_split(3)[0], normal(5)),
    "msort": (lambda a: torch.msort(a), normal(4)),
    "isclose where": (lambda a: torch.where(torch.isclose(a, torch.zeros_like(a)), a, a * 2), normal(3)),
}

ORDER = {
    "cumprod": (lambda x: torch.cumprod(x, 0), normal(4)),
    "cumsum": (lambda x: torch.cumsum(x, 0), normal(4)),
    "logcumsumexp": (lambda x: torch.logcumsumexp(x, 0), normal(4)),
    "sort": (lambda x: torch.sort(x, 0, descending=True)[0], normal(4)),
    "argsort": (lambda x: x[torch.argsort(x)], normal(4)),
    "topk": (lambda x: torch.topk(x, 2)[0], normal(5)),
    "kthvalue": (lambda x: torch.kthvalue(x, 2, 0)[0], normal(5, 2)),
    "median": (lambda x: torch.median(x, 0)[0], normal(5, 2)),
    "median all": (lambda x: torch.median(x) * x, normal(4)),
    "nanmedian": (lambda x: torch.nanmedian(x, 0)[0], normal(5)),
    "quantile": (lambda x: torch.quantile(x, torch.tensor([0.3, 0.5], dtype=x.dtype)), normal(5)),
    "nanquantile": (lambda x: torch.nanquantile(x, 0.3), normal(5)),
    "searchsorted": (
        lambda x: x * torch.searchsorted(torch.tensor([-1.0, 0.0, 1.0], dtype=x.dtype), x.detach()),
        normal(4),
    ),
    "bucketize": (lambda x: x * torch.bucketize(x.detach(), torch.tensor([-1.0, 0.0, 1.0], dtype=x.dtype)), normal(4)),
    "max dim": (lambda x: x.max(0)[0], normal(3, 2)),
    "amax": (lambda x: x.amax(0), normal(3, 2)),
    "std": (lambda x: x.std(0), normal(4, 2)),
    "var_mean": (lambda x: torch.var_mean(x)[0] * x, normal(4)),
    "searchsorted moved": (
        lambda x: (lambda b: x * torch.searchsorted(b.sort()[0], torch.zeros(1, dtype=b.dtype)).to(x.dtype))(
            x.detach()
        ),
        normal(4),
    ),
}

LOSSES = {
    "nll_loss": (lambda x: F.nll_loss(x, labels()), normal(3, 4)),
    "nll_loss 2d": (lambda x: F.nll_loss(x, torch.tensor([[[0, 1], [2, 0]]]), ignore_index=1), normal(1, 3, 2, 2)),
    "cross_entropy": (lambda x: F.cross_entropy(x, labels()), normal(3, 4)),
    "cross_entropy smooth": (lambda x: F.cross_entropy(x, labels(), label_smoothing=0.1), normal(3, 4)),
    "cross_entropy prob": (lambda x: F.cross_entropy(x, torch.full((3, 4), 0.25, dtype=x.dtype)), normal(3, 4)),
    "kl_div": (lambda x, t: F.kl_div(x, t, reduction="batchmean"), normal(3, 4), positive(3, 4)),
    "kl_div log": (lambda x, t: F.kl_div(x, t, log_target=True, reduction="sum"), normal(3, 4), normal(3, 4)),
    "huber": (lambda x, t: F.huber_loss(x, t, delta=0.7), normal(4), normal(4)),
    "smooth_l1": (lambda x, t: F.smooth_l1_loss(x, t, beta=0.7), normal(4), normal(4)),
    "l1": (lambda x, t: F.l1_loss(x, t), normal(4), normal(4)),
    "mse": (lambda x, t: F.mse_loss(x, t), normal(4), normal(4)),
    "gaussian_nll": (lambda x, t, v: F.gaussian_nll_loss(x, t, v), normal(4), normal(4), positive(4)),
    "gaussian_nll full": (lambda x, t, v: F.gaussian_nll_loss(x, t, v, full=True), normal(4), normal(4), positive(4)),
    "poisson_nll": (lambda x, t: F.poisson_nll_loss(x, t), normal(4), positive(4)),
    "poisson_nll full": (
        lambda x, t: F.poisson_nll_loss(x, t, full=True, log_input=False),
        positive(4),
        2 * positive(4),
    ),
    "multilabel_margin": (
        lambda x: F.multilabel_margin_loss(x, torch.tensor([[3, 0, -1, 1], [1, -1, 0, 0]])),
        normal(2, 4),
    ),
    "multilabel_margin 1d none": (
        lambda x: F.multilabel_margin_loss(x, torch.tensor([3, 0, -1, 1]), reduction="none"),
        normal(4),
    ),
    "multilabel_margin -1 first": (
        lambda x: F.multilabel_margin_loss(x, torch.tensor([[-1, 0, 2, 1], [1, 2, -1, 0]]), reduction="sum"),
        normal(2, 4),
    ),
    "soft_margin": (lambda x: F.soft_margin_loss(x, signs()), normal(3)),
    "multilabel_soft_margin": (
        lambda x: F.multilabel_soft_margin_loss(x, torch.tensor([[1.0, 0, 1], [0, 0, 1]], dtype=x.dtype)),
        normal(2, 3),
    ),
    "cosine_embedding": (lambda a, b: F.cosine_embedding_loss(a, b, signs(), margin=0.1), normal(3, 2), normal(3, 2)),
    "triplet": (lambda a, b, c: F.triplet_margin_loss(a, b, c), normal(3, 2), normal(3, 2), normal(3, 2)),
    "triplet swap": (
        lambda a, b, c: F.triplet_margin_loss(a, b, c, swap=True, p=1),
        normal(3, 2),
        normal(3, 2),
        normal(3, 2),
    ),
    "triplet dist": (
        lambda a, b, c: F.triplet_margin_with_distance_loss(a, b, c),
        normal(3, 2),
        normal(3, 2),
        normal(3, 2),
    ),
    "margin_ranking": (lambda a, b: F.margin_ranking_loss(a, b, signs()), normal(3), normal(3)),
    "hinge_embedding": (lambda a: F.hinge_embedding_loss(a, signs()), normal(3)),
    "binary_cross_entropy": (lambda x, t: F.binary_cross_entropy(x, t.detach()), between(4), between(4)),
    "binary_cross_entropy t": (lambda x, t: F.binary_cross_entropy(x, t), between(4), between(4)),
    "binary_cross_entropy_with_logits": (lambda x, t: F.binary_cross_entropy_with_logits(x, t), normal(4), between(4)),
    "binary_cross_entropy_with_logits pw": (
        lambda x, t: F.binary_cross_entropy_with_logits(x, t, pos_weight=torch.tensor(2.5, dtype=x.dtype)),
        normal(4),
        between(4),
    ),
}

ACTIVATIONS = {
    "prelu": (lambda x, w: F.prelu(x, w), normal(2, 3), positive(3)),
    "glu": (lambda x: F.glu(x), normal(2, 4)),
    "threshold": (lambda x: F.threshold(x, 0.1, 3.0), normal(5)),
    "gelu tanh": (lambda x: F.gelu(x, approximate="tanh"), normal(5)),
    "softmin": (lambda x: F.softmin(x, 0), normal(4)),
    "softmax": (lambda x: F.softmax(x, 0), normal(4)),
    "normalize": (lambda x: F.normalize(x), normal(2, 3)),
}

POOLING = {
    "max_pool1d": (lambda x: F.max_pool1d(x, 2), normal(1, 2, 5)),
    "max_pool2d": (lambda x: F.max_pool2d(x, 2, 1, padding=1), normal(1, 2, 3, 4)),
    "max_pool3d": (lambda x: F.max_pool3d(x, 2), normal(1, 1, 2, 4, 2)),
    "avg_pool1d": (lambda x: F.avg_pool1d(x, 2), normal(1, 2, 5)),
    "avg_pool3d": (lambda x: F.avg_pool3d(x, 2), normal(1, 1, 2, 4, 2)),
    "adaptive_avg_pool1d": (lambda x: F.adaptive_avg_pool1d(x, 3), normal(1, 2, 5)),
    "adaptive_avg_pool2d": (lambda x: F.adaptive_avg_pool2d(x, (2, 3)), normal(1, 2, 3, 5)),
    "adaptive_max_pool1d": (lambda x: F.adaptive_max_pool1d(x, 3), normal(1, 2, 5)),
    "adaptive_max_pool2d": (lambda x: F.adaptive_max_pool2d(x, (2, 3)), normal(1, 2, 3, 5)),
    "adaptive_max_pool3d": (lambda x: F.adaptive_max_pool3d(x, (1, 2, 1)), normal(1, 1, 2, 3, 2)),
    "lp_pool2d": (lambda x: F.lp_pool2d(x, 2, 2), normal(1, 2, 4, 4)),
    "lp_pool1d 3": (lambda x: F.lp_pool1d(x.abs(), 3.0, 2), normal(1, 2, 4)),
}

NORMALISATION = {
    "batch_norm": (
        lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True),
        normal(4, 3),
        normal(3),
        normal(3),
    ),
    "batch_norm eval": (
        lambda x: F.batch_norm(x, torch.zeros(3, dtype=x.dtype), torch.ones(3, dtype=x.dtype) * 2),
        normal(4, 3),
    ),
    "layer_norm": (lambda x, w, b: F.layer_norm(x, (3,), w, b), normal(4, 3), normal(3), normal(3)),
    "group_norm": (lambda x, w: F.group_norm(x, 2, w), normal(2, 4, 3), normal(4)),
    "instance_norm": (lambda x: F.instance_norm(x), normal(2, 2, 4)),
    "rms_norm": (lambda x, w: F.rms_norm(x, (3,), w), normal(2, 3), normal(3)),
    "rms_norm no eps": (lambda x: F.rms_norm(x, (3,)), normal(2, 3)),
    "local_response_norm": (lambda x: F.local_response_norm(x, 2), normal(1, 3, 2, 2)),
    "weight_norm": (lambda v, g: torch._weight_norm(v, g, 0), normal(3, 2), positive(3, 1)),
}

LAYERS = {
    "embedding": (lambda w: F.embedding(labels(), w), normal(4, 2)),
    "embedding_bag 2d w": (
        lambda w, a: F.embedding_bag(torch.tensor([[0, 1], [2, 2]]), w, mode="sum", per_sample_weights=a),
        normal(4, 2),
        normal(2, 2),
    ),
    "einsum": (lambda a, b: torch.einsum("ij,jk->ik", a, b), normal(2, 3), normal(3, 2)),
    "bilinear": (lambda x, y, w, b: F.bilinear(x, y, w, b), normal(2, 3), normal(2, 2), normal(2, 3, 2), normal(2)),
    "scaled_dot_product_attention": (
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v),
        normal(1, 3, 2),
        normal(1, 4, 2),
        normal(1, 4, 2),
    ),
    "scaled_dot_product_attention causal": (
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True),
        normal(1, 3, 2),
        normal(1, 3, 2),
        normal(1, 3, 2),
    ),
    "scaled_dot_product_attention mask": (
        lambda q, k, v: F.scaled_dot_product_attention(
            q, k, v, attn_mask=torch.tensor([[True, False, True], [True, True, True], [False, True, True]])
        ),
        normal(1, 3, 2),
        normal(1, 3, 2),
        normal(1, 3, 2),
    ),
    "linear": (lambda x, w, b: F.linear(x, w, b), normal(2, 3), normal(4, 3), normal(4)),
    "conv1d": (lambda x, w: F.conv1d(x, w, padding=1), normal(1, 2, 5), normal(3, 2, 3)),
    "conv2d same": (lambda x, w: F.conv2d(x, w, padding="same"), normal(1, 2, 4, 4), normal(2, 2, 3, 3)),
    "conv_transpose2d": (lambda x, w: F.conv_transpose2d(x, w, stride=2), normal(1, 2, 2, 2), normal(2, 2, 2, 2)),
}

MODULES = {
    "LSTM": (first(module(torch.nn.LSTM(2, 3))), normal(3, 2, 2)),
    "GRU": (first(module(torch.nn.GRU(2, 3, batch_first=True))), normal(2, 3, 2)),
    "RNN": (first(module(torch.nn.RNN(2, 3, num_layers=2, bidirectional=True))), normal(3, 2, 2)),
    "LSTMCell": (first(module(torch.nn.LSTMCell(2, 3))), normal(2, 2)),
    "GRUCell": (first(module(torch.nn.GRUCell(2, 3))), normal(2, 2)),
    "MultiheadAttention": (lambda x, m=module(torch.nn.MultiheadAttention(4, 2)): m(x, x, x)[0], normal(3, 1, 4)),
    "MultiheadAttention without weights": (
        lambda x, m=module(torch.nn.MultiheadAttention(4, 2)): m(x, x, x, need_weights=False)[0],
        normal(3, 1, 4),
    ),
    "TransformerEncoderLayer": (first(module(torch.nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0))), normal(3, 1, 4)),
    "TransformerEncoderLayer eval": (first(module(torch.nn.TransformerEncoderLayer(4, 2, 8)).eval()), normal(3, 1, 4)),
    "LSTM proj": (first(module(torch.nn.LSTM(2, 3, proj_size=2, bidirectional=True))), normal(3, 2, 2)),
    "AdaptiveLogSoftmax": (
        lambda x, m=module(torch.nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2])): m(x, torch.tensor([0, 4]))[0],
        normal(2, 4),
    ),
    "Bilinear mod": (first(module(torch.nn.Bilinear(2, 3, 2))), normal(2, 2), normal(2, 3)),
    "SpectralNorm eval": (
        first(module(torch.nn.utils.parametrizations.spectral_norm(torch.nn.Linear(3, 2))).eval()),
        normal(2, 3),
    ),
    "orthogonal": (
        first(module(torch.nn.utils.parametrizations.orthogonal(torch.nn.Linear(3, 3)))),
        normal(2, 3),
    ),
    "weight_norm mod": (
        first(module(torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(3, 2)))),
        normal(2, 3),
    ),
}

DISTRIBUTIONS = {
    "MultivariateNormal logp": (
        lambda x, a: distributions.MultivariateNormal(
            torch.zeros(3, dtype=x.dtype), a @ a.mT + torch.eye(3, dtype=a.dtype)
        ).log_prob(x),
        normal(2, 3),
        normal(3, 3),
    ),
    "Beta logp": (lambda x, a, b: distributions.Beta(a, b).log_prob(x), between(3), positive(3), positive(3)),
    "Gamma logp": (lambda x, a: distributions.Gamma(a, a * 2).log_prob(x), positive(3), positive(3)),
    "StudentT": (lambda x, a: distributions.StudentT(a).log_prob(x), normal(3), positive(3)),
    "Dirichlet": (
        lambda a: distributions.Dirichlet(a).log_prob(torch.tensor([0.2, 0.3, 0.5], dtype=a.dtype)),
        positive(3),
    ),
    "kl_divergence": (
        lambda a, b: distributions.kl_divergence(distributions.Normal(a, b), distributions.Normal(b, a.abs() + 1)),
        normal(3),
        positive(3),
    ),
    "VonMises": (lambda x, k: distributions.VonMises(torch.zeros_like(x), k).log_prob(x), normal(3), positive(3)),
    "Normal cdf": (lambda x: distributions.Normal(0.0, 1.0).cdf(x), normal(3)),
    "Categorical ent": (lambda x: distributions.Categorical(logits=x).entropy(), normal(2, 4)),
    "NegativeBinomial": (
        lambda p: distributions.NegativeBinomial(torch.tensor(3.0, dtype=p.dtype), p).log_prob(
            torch.tensor([1.0, 2.0, 0.0], dtype=p.dtype)
        ),
        between(3),
    ),
    "Wishart": (
        lambda a: distributions.Wishart(
            torch.tensor(4.0, dtype=a.dtype), a @ a.mT + torch.eye(3, dtype=a.dtype)
        ).log_prob(torch.eye(3, dtype=a.dtype)),
        normal(3, 3),
    ),
}


LINEAR_ALGEBRA |= {
    f"matrix_norm {order}": (lambda a, order=order: torch.linalg.matrix_norm(a, ord=order), normal(3, 2))
    for order in ("fro", "nuc", 2, 1, float("inf"), -2)
}
LINEAR_ALGEBRA |= {
    f"vector_norm {order}": (lambda a, order=order: torch.linalg.vector_norm(a, ord=order), normal(4))
    for order in (2, 1, 3, float("inf"), 0.5)
}
FOURIER |= {
    name: (
        lambda x, one=getattr(torch.fft, name): torch.view_as_real(one(x).to(torch.complex128).resolve_conj()) ** 2,
        normal(2, 5),
    )
    for name in ("fft", "rfft", "ifft", "hfft", "ihfft")
}
EVERYWHERE = ("digamma", "erf", "erfc", "erfcx", "gammaln", "i0", "i0e", "i1", "i1e", "log_ndtr", "ndtr", "sinc")
SPECIAL_FUNCTIONS |= {
    f"{name} {where}": (lambda x, one=getattr(special, name): one(x), sign * positive(3))
    for name in EVERYWHERE
    for where, sign in (("above", 1), ("below", -1))
}
SPECIAL_FUNCTIONS |= {
    name: (lambda x, one=getattr(special, name): one(x), positive(3))
    for name in ("entr", "exp2", "expit", "expm1", "log1p", "psi")
}
SPECIAL_FUNCTIONS |= {
    "gammainc": (lambda x: special.gammainc(torch.tensor([0.5, 1.5, 2.5], dtype=x.dtype), x), positive(3)),
    "gammaincc": (lambda x: special.gammaincc(torch.tensor([0.5, 1.5, 2.5], dtype=x.dtype), x), positive(3)),
}
DISTANCES |= {
    f"cdist {p}": (lambda a, b, p=p: torch.cdist(a, b, p=p), normal(3, 2), normal(2, 2))
    for p in (1.0, 3.0, float("inf"), 0.5)
}
IMAGES |= {
    f"grid_sample {mode} {padding} {align}": (
        lambda x, g, mode=mode, padding=padding, align=align: F.grid_sample(
            x, g, mode=mode, padding_mode=padding, align_corners=align
        ),
        normal(1, 1, 3, 4),
        1.3 * inner(1, 1, 2, 2),
    )
    for mode in ("bilinear", "nearest", "bicubic")
    for padding in ("zeros", "border", "reflection")
    for align in (True, False)
}
SCALED = (
    ("nearest", {}),
    ("nearest-exact", {}),
    ("bilinear", {}),
    ("bilinear", {"align_corners": True}),
    ("bicubic", {}),
    ("bicubic", {"align_corners": True}),
    ("area", {}),
    ("bilinear", {"antialias": True}),
    ("bicubic", {"antialias": True}),
)
IMAGES |= {
    f"interpolate {mode} {options}": (
        lambda x, mode=mode, options=options: F.interpolate(x, size=(5, 3), mode=mode, **options),
        normal(1, 1, 3, 4),
    )
    for mode, options in SCALED
}
IMAGES |= {
    f"pad {mode}": (lambda x, mode=mode: F.pad(x, (1, 2, 1, 0), mode=mode), normal(1, 1, 3, 4))
    for mode in ("reflect", "replicate", "circular", "constant")
}
REDUCED = ("sum", "prod", "mean", "amax", "amin")
INDICES |= {
    f"scatter_reduce {how} {own}": (
        lambda x, y, how=how, own=own: torch.scatter_reduce(x, 0, INDEX, y, how, include_self=own),
        normal(4),
        normal(5),
    )
    for how in REDUCED
    for own in (True, False)
}
INDICES |= {
    f"index_reduce {how} {own}": (
        lambda x, y, how=how, own=own: torch.index_reduce(x, 0, INDEX, y, how, include_self=own),
        normal(4, 2),
        normal(5, 2),
    )
    for how in REDUCED[1:]
    for own in (True, False)
}
ORDER |= {name: (lambda x, one=getattr(torch, name): one(x, 0)[0], normal(5, 2)) for name in ("cummax", "cummin")}
LOSSES |= {
    f"multi_margin {p}": (lambda x, p=p: F.multi_margin_loss(x, labels(), p=p, margin=0.6), normal(3, 4))
    for p in (1, 2)
}
ACTIVATIONS |= {
    name: (lambda x, one=getattr(F, name): one(x), 2 * normal(5))
    for name in (
        *("relu", "relu6", "elu", "selu", "celu", "gelu", "silu", "mish", "hardswish", "hardsigmoid", "hardtanh"),
        *(
            "hardshrink",
            "softshrink",
            "softplus",
            "softsign",
            "tanhshrink",
            "leaky_relu",
            "logsigmoid",
            "sigmoid",
            "tanh",
        ),
    )
}
LAYERS |= {
    f"embedding_bag {mode}": (
        lambda w, mode=mode: F.embedding_bag(torch.tensor([0, 1, 1, 3, 2]), w, torch.tensor([0, 2]), mode=mode),
        normal(4, 2),
    )
    for mode in ("sum", "mean", "max")
}

GROUPS = {
    "linear algebra": LINEAR_ALGEBRA,
    "Fourier transforms": FOURIER,
    "complex numbers": COMPLEX_NUMBERS,
    "special functions": SPECIAL_FUNCTIONS,
    "distances": DISTANCES,
    "images": IMAGES,
    "indices": INDICES,
    "order": ORDER,
    "losses": LOSSES,
    "activations": ACTIVATIONS,
    "pooling": POOLING,
    "normalisation": NORMALISATION,
    "layers": LAYERS,
    "modules": MODULES,
    "distributions": DISTRIBUTIONS,
}
