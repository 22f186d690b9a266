"""A kernel's answers beside its reference's, and what the tolerances that people use say of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Answers:
    """Output and gradients: the kernel's, those of the reference in the dtype, and in float64."""

    got: Sequence[Tensor]
    same: Sequence[Tensor]
    truth: Sequence[Tensor]


def gradients(function: Callable[..., Tensor], tensors: Sequence[Tensor], dy: Tensor | None) -> list[Tensor]:
    free = [x.clone().requires_grad_() if x.is_floating_point() else x for x in tensors]
    y = function(*free)
    y.backward(torch.ones_like(y) if dy is None else dy.to(y.dtype))
    return [y.detach(), *(x.grad for x in free if x.grad is not None)]


def assert_close(given: Answers) -> bool:
    try:
        torch.testing.assert_close(given.got, given.same)
    except AssertionError:
        return False
    return True


def allclose(given: Answers, tolerance: float) -> bool:
    pairs = zip(given.got, given.truth, strict=True)
    return all(torch.allclose(got, want.to(got.dtype), tolerance, tolerance) for got, want in pairs)
