"""Where the gallery looks: the places at which PyTorch and JAX differ, and how a person writes the call in each.

A call is text in which `a` is the array that moves. It is part of the few lines that a reader can run. Our mirrors
cannot stand there: they take every option, and a reader would need this project to run them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from backcheck_reference.frameworks.limits import LIMITS
from scratch_bp.elementary import like, pi

Calls = tuple[str, str]  # in PyTorch and in JAX
NO_CALLS = ("", "")


@dataclass(frozen=True, slots=True)
class ExhibitPlace:
    """Where to look: the first array is the one that moves, and the gradient asked for is that of the sum.

    exact   the function on exact numbers where `rule` is none of our rules; the frameworks are then asked by `calls`
    """

    rule: str
    arrays: tuple[Any, ...]
    reason: str
    calls: Calls
    dtype: str = "float64"
    exact: Callable[[Any], Any] | None = None


def _norm(x: Any) -> Any:
    return np.sqrt((x * x).sum())


def _std(x: Any) -> Any:
    return np.sqrt(((x - x.mean()) * (x - x.mean())).mean())


# found by hand, and covered by no known limit of a framework
FINDINGS = (
    ExhibitPlace(
        "bce", ([1e-13], [1.0]), "PyTorch divides by max(x (1 - x), 1e-12): a slope ten times too small here",
        ("F.binary_cross_entropy(a, torch.ones_like(a))", "-jnp.log(a).mean()")),
    ExhibitPlace(
        "rms_norm", ([1e14, 2e14], [1.0, 1.0]), "the slope goes through 1 / rms^3, which underflows",
        ("F.rms_norm(a, a.shape, eps=1e-5)", "(a / jnp.sqrt((a * a).mean(-1) + 1e-5))"), "float32"),
    ExhibitPlace(
        "sqrt", ([1e-320],), "XLA on a CPU takes subnormal numbers as 0, where the slope is infinite",
        ("a.sqrt()", "jnp.sqrt(a)")),
    ExhibitPlace(
        "norm", ([0.0, 0.0],), "jnp.linalg.norm divides 0 by 0; PyTorch takes the slope 0",
        ("torch.linalg.vector_norm(a)", "jnp.linalg.norm(a)"), exact=_norm),
    ExhibitPlace(
        "std", ([1.0, 1.0, 1.0],), "JAX divides 0 by 0 where all entries are equal; PyTorch takes 0",
        ("a.std(correction=0)", "jnp.std(a)"), exact=_std),
    ExhibitPlace(
        "hypot", ([0.0, 0.0],), "PyTorch divides 0 by 0; JAX takes a slope within the one-sided ones",
        ("torch.hypot(*a)", "jnp.hypot(*a)"), exact=_norm),
    ExhibitPlace(
        "softplus", ([25.0],), "PyTorch returns x itself above its documented threshold of 20",
        ("F.softplus(a)", "jax.nn.softplus(a)"), exact=lambda x: np.log1p(np.exp(x))),
    ExhibitPlace(
        "sinc", ([1e-5],), "the slope is a difference of nearly equal terms over x, which cancels",
        ("torch.sinc(a)", "jnp.sinc(a)"), exact=lambda x: np.sin(pi(x) * x) / (pi(x) * x)),
    # a mean of 0 and a target of 0: what moves is the variance
    ExhibitPlace(
        "gaussian_nll_loss", ([1e-6],), "PyTorch clamps var at eps behind autograd's back",
        ("F.gaussian_nll_loss(0 * a, 0 * a, a, eps=1e-3)", "(jnp.log(jnp.maximum(a, 1e-3)) / 2).mean()"),
        exact=lambda x: np.log(np.maximum(x, like(x, 1e-3))).mean() / 2),
    # a logarithm of the rate of 0: what moves is the count
    ExhibitPlace(
        "poisson_nll_loss", ([0.0],), "PyTorch's gradient of 0 log 0 is nan, behind a mask too",
        ("F.poisson_nll_loss(0 * a, a, full=True)", "(1 - 0 * a).mean()"), exact=lambda x: (1 - 0 * x).mean()),
    # one frame, one label and the blank
    ExhibitPlace(
        "ctc_loss", ([0.5, 0.25],), "PyTorch adds exp(x), as if a log-softmax came before",
        ("F.ctc_loss(a.reshape(1, 1, 2), torch.tensor([[1]]), (1,), (1,))", "-a[1]"), exact=lambda x: -x[1]),
)  # fmt: skip

# a known limit of a framework has an example and no call
LIMIT_CALLS: Mapping[str, Calls] = {
    "softsign": ("F.softsign(a)", "jax.nn.soft_sign(a)"),
    "bce_with_logits": ("F.binary_cross_entropy_with_logits(a, torch.zeros_like(a))", "jax.nn.softplus(a).mean()"),
    "soft_margin": ("F.soft_margin_loss(a, torch.ones_like(a))", "jax.nn.softplus(-a).mean()"),
    "elu": ("F.elu(a)", "jax.nn.elu(a)"),
    "selu": ("F.selu(a)", "jax.nn.selu(a)"),
    "celu": ("F.celu(a)", "jax.nn.celu(a)"),
    "gelu": ("F.gelu(a)", "jax.nn.gelu(a, approximate=False)"),
    "hardsigmoid": ("F.hardsigmoid(a)", "jax.nn.hard_sigmoid(a)"),
    "tanhshrink": ("F.tanhshrink(a)", "(a - jnp.tanh(a))"),
}


def places() -> Iterator[ExhibitPlace]:
    """The findings, and the known limits at their examples, one place for the limits that share it."""
    yield from FINDINGS
    shared: dict[tuple[str, str, tuple[float, ...]], list[str]] = {}
    for limit in LIMITS:
        if limit.exhibit:
            shared.setdefault((limit.rule, limit.dtype, (limit.example, *limit.beside)), []).append(limit.reason)
    for (rule, dtype, numbers), reasons in shared.items():
        arrays = tuple([number] for number in numbers)
        yield ExhibitPlace(rule, arrays, min(reasons, key=len), LIMIT_CALLS.get(rule, NO_CALLS), dtype)


QUESTIONS = {
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


def script(calls: Calls, what: str, array: Any, dtype: str) -> str:
    """A few lines that show it with the frameworks alone; nothing where no call is known."""
    if not all(calls):
        return ""
    torch, jax = (question.format(call) for question, call in zip(QUESTIONS[what], calls, strict=True))
    return SCRIPT.format(array=array, dtype=dtype, torch=torch, jax=jax)
