"""Checkers of gradients that people use, each as its documentation says, on one node: a forward and its backward.

A checker answers True where it calls the pair wrong. It answers None where it cannot be asked: no PyTorch function of
this name, no array with a gradient.
"""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from backcheck.problem import SUBJECT, Problem
from backcheck.verdicts import invariants
from backcheck.verdicts.check import examine
from backcheck_reference.frameworks import torch_oracle
from backcheck_reference.lazy import Unavailable

Checker = Callable[[Problem], bool | None]
STEP, THRESHOLD = 1e-7, 1e-7  # of the formula that courses teach


def floating(problem: Problem) -> list[str]:
    """The names of the arrays that have a gradient."""
    return [name for name, array in problem.arrays.items() if array.dtype.kind == "f" and name in problem.wanted]


def forward_of(problem: Problem) -> Callable[..., np.ndarray]:
    """The node's value as a function of its floating-point arrays."""
    (node,), names = problem.network.nodes, floating(problem)

    def forward(*arrays: np.ndarray) -> np.ndarray:
        given = {**problem.arrays, **dict(zip(names, arrays, strict=True))}
        return np.asarray(problem.rules[node.rule].forward(*given.values(), **node.config)[0])

    return forward


def pull_of(problem: Problem) -> Callable[..., tuple[np.ndarray, ...]]:
    """The node's gradients by these arrays: pull(dy, *arrays)."""
    (node,), names = problem.network.nodes, floating(problem)

    def pull(dy: np.ndarray, *arrays: np.ndarray) -> tuple[np.ndarray, ...]:
        given = {**problem.arrays, **dict(zip(names, arrays, strict=True))}
        rule = problem.rules[node.rule]
        grads = rule.backward(rule.forward(*given.values(), **node.config)[1], dy)
        by_name = dict(zip(given, grads, strict=True))
        return tuple(np.asarray(by_name[name]) for name in names)

    return pull


def backcheck_(problem: Problem) -> bool:
    oracles = ("torch", "differences", "exact", invariants.PARTY)
    return any(party in (SUBJECT, "exact", invariants.PARTY) for _, party in examine(problem, oracles).disagreements)


class NumpyNode(torch.autograd.Function):
    """`NumpyNode.apply(forward, pull, *tensors)`."""

    @staticmethod
    def forward(ctx: Any, forward: Any, pull: Any, *tensors: torch.Tensor) -> torch.Tensor:
        ctx.pull = pull
        ctx.save_for_backward(*tensors)
        return torch.from_numpy(np.array(forward(*(t.detach().numpy() for t in tensors))))

    @staticmethod
    def backward(ctx: Any, dy: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        grads = ctx.pull(dy.numpy(), *(t.detach().numpy() for t in ctx.saved_tensors))
        return None, None, *(torch.from_numpy(np.array(grad)) for grad in grads)


def gradcheck(problem: Problem, fast: bool = False) -> bool:
    """torch.autograd.gradcheck with its own step and tolerances, on float64."""
    forward, pull = forward_of(problem), pull_of(problem)
    tensors = [torch.tensor(problem.arrays[name], requires_grad=True) for name in floating(problem)]
    return not torch.autograd.gradcheck(
        lambda *free: NumpyNode.apply(forward, pull, *free), tensors, fast_mode=fast, raise_exception=False
    )


def gradcheck_fast(problem: Problem) -> bool:
    return gradcheck(problem, fast=True)


def check_grads(problem: Problem, dtype: str = "float64") -> bool:
    """jax.test_util.check_grads with its own step and tolerances for the dtype, of order 1 and in reverse."""
    import jax
    from jax.test_util import check_grads

    jax.config.update("jax_enable_x64", True)
    forward, pull = forward_of(problem), pull_of(problem)
    arrays = [problem.arrays[name].astype(dtype) for name in floating(problem)]
    out = jax.ShapeDtypeStruct(problem.dy.shape, dtype)
    shapes = tuple(jax.ShapeDtypeStruct(a.shape, dtype) for a in arrays)

    def asked(*free: Any) -> Any:
        return np.asarray(forward(*map(np.asarray, free)), dtype=dtype).reshape(out.shape)

    def pulled(dy: Any, *free: Any) -> Any:
        grads = pull(np.asarray(dy), *map(np.asarray, free))
        return tuple(np.asarray(g, dtype=dtype) for g in grads)

    node = jax.custom_vjp(lambda *free: jax.pure_callback(asked, out, *free))
    node.defvjp(
        lambda *free: (jax.pure_callback(asked, out, *free), free),
        lambda saved, dy: jax.pure_callback(pulled, shapes, dy, *saved),
    )
    return _raises(lambda: check_grads(node, tuple(arrays), order=1, modes=("rev",)))


def check_grads_float32(problem: Problem) -> bool:
    return check_grads(problem, "float32")


def hips(problem: Problem) -> bool | None:
    """autograd.test_util.check_grads with its own step and tolerances, of order 1 and in reverse."""
    from autograd.extend import defvjp, primitive
    from autograd.test_util import check_grads

    forward, pull, names = forward_of(problem), pull_of(problem), floating(problem)
    node = primitive(forward)

    def maker(number: int) -> Any:
        return lambda ans, *arrays: lambda dy: pull(np.asarray(dy), *arrays)[number]

    defvjp(node, *map(maker, range(len(names))))
    arrays = [problem.arrays[name].copy() for name in names]
    return _raises(lambda: check_grads(node, modes=["rev"], order=1)(*arrays))


def course_formula(problem: Problem) -> bool:
    """|g - n| / (|g| + |n|) below 1e-7, n by central differences of sum(dy y) with a step of 1e-7."""
    forward, names = forward_of(problem), floating(problem)
    arrays = [problem.arrays[name].astype(np.float64) for name in names]
    grads = np.concatenate([np.ravel(g) for g in pull_of(problem)(problem.dy, *(a.copy() for a in arrays))])
    slopes = []
    for array in arrays:
        for index in np.ndindex(array.shape):
            kept = array[index]
            array[index] = kept + STEP
            above = (forward(*arrays) * problem.dy).sum()
            array[index] = kept - STEP
            slopes.append((above - (forward(*arrays) * problem.dy).sum()) / (2 * STEP))
            array[index] = kept
    size = np.linalg.norm(grads) + np.linalg.norm(slopes)
    return bool(size and not np.linalg.norm(grads - np.asarray(slopes)) / size < THRESHOLD)


def allclose(problem: Problem) -> bool | None:
    """np.allclose, as it is, of the value and the gradients beside PyTorch's."""
    try:
        value, theirs = torch_oracle.value_and_grad(
            problem.program, problem.arrays, problem.dy, problem.wanted, problem.mirrors
        )
    except (Unavailable, KeyError):
        return None
    y, ours = problem.vjp(problem.arrays, problem.dy)
    pairs = [(y, value), *((ours[name], theirs[name]) for name in problem.wanted)]
    return not all(np.shape(a) == np.shape(b) and np.allclose(a, b, equal_nan=True) for a, b in pairs)


def _raises(check: Callable[[], object]) -> bool:
    try:
        check()
    except Exception:  # each of them says so in an exception of its own
        return True
    return False


CHECKERS: Mapping[str, Checker] = {
    "backcheck": backcheck_,
    "torch gradcheck": gradcheck,
    "torch gradcheck, fast": gradcheck_fast,
    "jax check_grads, float64": check_grads,
    "jax check_grads, float32": check_grads_float32,
    "HIPS check_grads": hips,
    "course formula, 1e-7": course_formula,
    "allclose to PyTorch": allclose,
}


def asked(name: str, problem: Problem) -> bool | None:
    """What a checker says of a node. An exception of the pair's is noticed by everybody; ours is none of the pair."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        if name == "backcheck":
            return CHECKERS[name](problem)
        try:
            return CHECKERS[name](problem)
        except Exception:
            return True
