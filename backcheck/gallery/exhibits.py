"""The gallery's data: places where PyTorch and JAX part that no limit covers, and how a person writes each call."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from backcheck_reference.frameworks.limits import LIMITS
from backcheck_reference.lazy import F, jax, jnp, torch
from scratch_bp.elementary import like, pi


class Plain(NamedTuple):
    """A function of one array that is no rule here: in PyTorch, in JAX, and on exact numbers."""

    torch: Callable[[Any], Any]
    jax: Callable[[Any], Any]
    exact: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where to look: the first array is the one that moves, and the gradient asked for is that of the sum."""

    rule: str
    arrays: tuple[Any, ...]
    reason: str
    dtype: str = "float64"
    plain: Plain | None = None


def _norm(x: Any) -> Any:
    return np.sqrt((x * x).sum())


def _std(x: Any) -> Any:
    return np.sqrt(((x - x.mean()) * (x - x.mean())).mean())


NORM = Plain(lambda x: torch.linalg.vector_norm(x), lambda x: jnp.linalg.norm(x), _norm)
STD = Plain(lambda x: torch.std(x, correction=0), lambda x: jnp.std(x), _std)
HYPOT = Plain(lambda x: torch.hypot(*x), lambda x: jnp.hypot(*x), _norm)
SOFTPLUS = Plain(lambda x: F.softplus(x), lambda x: jax.nn.softplus(x), lambda x: np.log1p(np.exp(x)))
SINC = Plain(lambda x: torch.sinc(x), lambda x: jnp.sinc(x), lambda x: np.sin(pi(x) * x) / (pi(x) * x))
# a mean of 0 and a target of 0: what moves is the variance
GAUSSIAN_NLL = Plain(
    lambda x: F.gaussian_nll_loss(0 * x, 0 * x, x, eps=1e-3),
    lambda x: jnp.log(jnp.maximum(x, 1e-3)).mean() / 2,
    lambda x: np.log(np.maximum(x, like(x, 1e-3))).mean() / 2,
)
# a logarithm of the rate of 0: what moves is the count
POISSON_NLL = Plain(
    lambda x: F.poisson_nll_loss(0 * x, x, full=True), lambda x: (1 - 0 * x).mean(), lambda x: (1 - 0 * x).mean()
)
# one frame, one label and the blank
CTC = Plain(lambda x: F.ctc_loss(x.reshape(1, 1, 2), torch.tensor([[1]]), (1,), (1,)), lambda x: -x[1], lambda x: -x[1])

FINDINGS = (
    Place("bce", ([1e-13], [1.0]), "PyTorch divides by max(x (1 - x), 1e-12): a slope ten times too small here"),
    Place("rms_norm", ([1e14, 2e14], [1.0, 1.0]), "the slope goes through 1 / rms^3, which underflows", "float32"),
    Place("sqrt", ([1e-320],), "XLA on a CPU takes subnormal numbers as 0, where the slope is infinite"),
    Place("norm", ([0.0, 0.0],), "jnp.linalg.norm divides 0 by 0; PyTorch takes the slope 0", plain=NORM),
    Place("std", ([1.0, 1.0, 1.0],), "JAX divides 0 by 0 where all entries are equal; PyTorch takes 0", plain=STD),
    Place("hypot", ([0.0, 0.0],), "PyTorch divides 0 by 0; JAX takes a slope within the one-sided ones", plain=HYPOT),
    Place("softplus", ([25.0],), "PyTorch returns x itself above its documented threshold of 20", plain=SOFTPLUS),
    Place("sinc", ([1e-5],), "the slope is a difference of nearly equal terms over x, which cancels", plain=SINC),
    Place("gaussian_nll_loss", ([1e-6],), "PyTorch clamps var at eps behind autograd's back", plain=GAUSSIAN_NLL),
    Place("poisson_nll_loss", ([0.0],), "PyTorch's gradient of 0 log 0 is nan, behind a mask too", plain=POISSON_NLL),
    Place("ctc_loss", ([0.5, 0.25],), "PyTorch adds exp(x), as if a log-softmax came before", plain=CTC),
)


def places() -> Iterator[Place]:
    """The findings, and the known limits at their examples, one place for those that share it."""
    yield from FINDINGS
    shared: dict[tuple[str, str, tuple[float, ...]], list[str]] = {}
    for limit in LIMITS:
        if limit.exhibit:
            shared.setdefault((limit.rule, limit.dtype, (limit.example, *limit.beside)), []).append(limit.reason)
    for (rule, dtype, numbers), reasons in shared.items():
        yield Place(rule, tuple([number] for number in numbers), min(reasons, key=len), dtype)


# A call of each function at the points of the gallery, in PyTorch and in JAX: `a` is the array that moves.
SPELLED: Mapping[str, tuple[str, str]] = {
    "relu": ("F.relu(a)", "jax.nn.relu(a)"),
    "leaky_relu": ("F.leaky_relu(a)", "jax.nn.leaky_relu(a)"),
    "abs": ("a.abs()", "jnp.abs(a)"),
    "mae": ("F.l1_loss(a, torch.zeros_like(a))", "jnp.abs(a).mean()"),
    "clamp": ("a.clamp(-1, 1)", "jnp.clip(a, -1, 1)"),
    "hardtanh": ("F.hardtanh(a)", "jax.nn.hard_tanh(a)"),
    "relu6": ("F.relu6(a)", "jax.nn.relu6(a)"),
    "elu": ("F.elu(a)", "jax.nn.elu(a)"),
    "maximum": ("torch.maximum(a, torch.ones_like(a))", "jnp.maximum(a, 1)"),
    "minimum": ("torch.minimum(a, torch.ones_like(a))", "jnp.minimum(a, 1)"),
    "max": ("a.max(dim=-1).values", "a.max(axis=-1)"),
    "min": ("a.min(dim=-1).values", "a.min(axis=-1)"),
    "amax": ("a.amax(dim=-1)", "a.max(axis=-1)"),
    "amin": ("a.amin()", "a.min()"),
    "max_pool1d": (
        "F.max_pool1d(a, 2, 1)",
        "jax.lax.reduce_window(a, -jnp.inf, jax.lax.max, (1, 1, 2), (1, 1, 1), 'VALID')",
    ),
    "max_pool2d": (
        "F.max_pool2d(a, 2)",
        "jax.lax.reduce_window(a, -jnp.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), 'VALID')",
    ),
    "adaptive_max_pool2d": ("F.adaptive_max_pool2d(a, 1)", "a.max(axis=(2, 3), keepdims=True)"),
    "global_max_pool": ("F.adaptive_max_pool1d(a, 1)", "a.max(axis=2, keepdims=True)"),
    "lp_pool2d": ("F.lp_pool2d(a, 2, 2)", "jnp.sqrt((a * a).sum(axis=(2, 3), keepdims=True))"),
    "rnn_cell": ("F.relu(a)", "jax.nn.relu(a)"),
    "norm": ("torch.linalg.vector_norm(a)", "jnp.linalg.norm(a)"),
    "margin_ranking": (
        "F.margin_ranking_loss(a, torch.ones_like(a), torch.ones_like(a))",
        "jnp.maximum(1 - a, 0).mean()",
    ),
    "huber": (
        "F.huber_loss(a, torch.zeros_like(a), reduction='sum')",
        "jnp.where(jnp.abs(a) < 1, a * a / 2, jnp.abs(a) - 0.5).sum()",
    ),
    "sqrt": ("a.sqrt()", "jnp.sqrt(a)"),
    "softsign": ("F.softsign(a)", "jax.nn.soft_sign(a)"),
    "bce_with_logits": ("F.binary_cross_entropy_with_logits(a, torch.zeros_like(a))", "jax.nn.softplus(a).mean()"),
    "rms_norm": ("F.rms_norm(a, a.shape, eps=1e-5)", "(a / jnp.sqrt((a * a).mean(-1) + 1e-5))"),
    "bce": ("F.binary_cross_entropy(a, torch.ones_like(a))", "-jnp.log(a).mean()"),
    "std": ("a.std(correction=0)", "jnp.std(a)"),
    "hypot": ("torch.hypot(*a)", "jnp.hypot(*a)"),
    "softplus": ("F.softplus(a)", "jax.nn.softplus(a)"),
    "sinc": ("torch.sinc(a)", "jnp.sinc(a)"),
    "prelu": ("F.prelu(a, torch.full((1,), 0.25, dtype=a.dtype))", "jnp.where(a > 0, a, 0.25 * a)"),
    "selu": ("F.selu(a)", "jax.nn.selu(a)"),
    "celu": ("F.celu(a)", "jax.nn.celu(a)"),
    "gelu": ("F.gelu(a)", "jax.nn.gelu(a, approximate=False)"),
    "hardsigmoid": ("F.hardsigmoid(a)", "jax.nn.hard_sigmoid(a)"),
    "hardswish": ("F.hardswish(a)", "jax.nn.hard_swish(a)"),
    "hardshrink": ("F.hardshrink(a)", "jnp.where(jnp.abs(a) > 0.5, a, 0)"),
    "softshrink": ("F.softshrink(a)", "jnp.where(a > 0.5, a - 0.5, jnp.where(a < -0.5, a + 0.5, 0))"),
    "tanhshrink": ("F.tanhshrink(a)", "(a - jnp.tanh(a))"),
    "threshold": ("F.threshold(a, 1.0, 1.0)", "jnp.where(a > 1, a, 1)"),
    "smooth_l1": ("F.smooth_l1_loss(a, torch.zeros_like(a), beta=0)", "jnp.abs(a).mean()"),
    "hinge_embedding": ("F.hinge_embedding_loss(a, torch.tensor([-1]))", "jnp.maximum(1 - a, 0).mean()"),
    "multi_margin": (
        "F.multi_margin_loss(a, torch.tensor([1]))",
        "(jnp.maximum(1 + a - a[:, 1:], 0) * jnp.array([1, 0])).mean()",
    ),
    "cosine_embedding": (
        "F.cosine_embedding_loss(a, a.detach().flip(0), torch.tensor(-1))",
        "jnp.maximum(a[1] / jnp.sqrt((a * a).sum()), 0)",
    ),
    "triplet_margin": (
        "F.triplet_margin_loss(a, a.detach() + 1, a.detach() - 2, eps=0)",
        "jnp.maximum(1 + jnp.abs(a - 1) - jnp.abs(a + 2), 0).mean()",
    ),
    "soft_margin": ("F.soft_margin_loss(a, torch.ones_like(a))", "jax.nn.softplus(-a).mean()"),
    "gaussian_nll_loss": (
        "F.gaussian_nll_loss(0 * a, 0 * a, a, eps=1e-3)",
        "(jnp.log(jnp.maximum(a, 1e-3)) / 2).mean()",
    ),
    "poisson_nll_loss": ("F.poisson_nll_loss(0 * a, a, full=True)", "(1 - 0 * a).mean()"),
    "ctc_loss": ("F.ctc_loss(a.reshape(1, 1, 2), torch.tensor([[1]]), (1,), (1,))", "-a[1]"),
}
ASKED = {
    "value": ("{}.tolist()", "{}.tolist()"),
    "slope": ("torch.autograd.grad({}.sum(), a)[0].tolist()", "jax.grad(lambda a: {}.sum())(a).tolist()"),
}
SCRIPT = """\
import jax, jax.numpy as jnp, torch, torch.nn.functional as F
jax.config.update("jax_enable_x64", True)
a = torch.tensor({array}, dtype=torch.{dtype}, requires_grad=True)
print("PyTorch", {torch})
a = jnp.array({array}, dtype="{dtype}")
print("JAX", {jax})
"""


def script(rule: str, what: str, array: Any, dtype: str) -> str:
    """A few lines that show it with the frameworks alone; nothing for a rule that is not spelled here."""
    if rule not in SPELLED:
        return ""
    calls = (asked.format(call) for asked, call in zip(ASKED[what], SPELLED[rule], strict=True))
    return SCRIPT.format(array=array, dtype=dtype, **dict(zip(("torch", "jax"), calls, strict=True)))
