"""Fused cross entropy: loss = mean over rows that count of lse(z) - z[target]; dz = (p - onehot) dy / count."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from tests.subjects.kernels.corpus.entry import ALL, ROWS_AND_COLUMNS, Entry, blocks, fused, normal, positions

IGNORED = -100
CAP = 5.0


def _draw(dtype: torch.dtype, size: str, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """About a quarter of the targets are ignored, the first never."""
    n, d = ROWS_AND_COLUMNS[size]
    targets = positions(generator, d, n)
    targets[1:][torch.rand(n - 1, generator=generator) < 0.25] = IGNORED
    targets[n // 2] = IGNORED
    return normal(dtype, generator, n, d, scale=3.0), targets


def _reference(x: Tensor, targets: Tensor) -> Tensor:
    return functional.cross_entropy(x, targets, ignore_index=IGNORED)


def _capped_reference(x: Tensor, targets: Tensor) -> Tensor:
    return functional.cross_entropy(CAP * torch.tanh(x / CAP), targets, ignore_index=IGNORED)


def _lse(z: Tensor, step: int = 64) -> Tensor:
    """Log of the sum of exponentials of each row, online over blocks of columns."""
    largest, summed = z.new_full((len(z), 1), -torch.inf), z.new_zeros(len(z), 1)
    for columns in blocks(z.shape[1], step):
        new = torch.maximum(largest, z[:, columns].amax(1, keepdim=True))
        summed = summed * torch.exp(largest - new) + torch.exp(z[:, columns] - new).sum(1, keepdim=True)
        largest = new
    return largest + torch.log(summed)


def _onehot(x: Tensor, targets: Tensor) -> Tensor:
    return (torch.arange(x.shape[1]) == targets[:, None]).float()


def forward(x: Tensor, targets: Tensor, lse=_lse) -> tuple[Tensor, tuple[Tensor, ...]]:
    z, counted = x.float(), targets != IGNORED
    logs = lse(z)
    at = z.gather(1, targets.clamp(min=0)[:, None])
    loss = torch.where(counted, (logs - at)[:, 0], 0.0).sum() / counted.sum()
    return loss.to(x.dtype), (x, targets, logs)


def backward(saved: tuple[Tensor, ...], dy: Tensor) -> tuple[Tensor, None]:
    x, targets, logs = saved
    counted = (targets != IGNORED)[:, None]
    dz = (torch.exp(x.float() - logs) - _onehot(x, targets)) * (dy.float() / counted.sum())
    return torch.where(counted, dz, 0.0).to(x.dtype), None


def _early_forward(x: Tensor, targets: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    """The gradient is made in forward, in the dtype, and only multiplied by the cotangent later."""
    loss, saved = forward(x, targets)
    return loss, (backward(saved, torch.ones(()))[0],)


def _early_backward(saved: tuple[Tensor], dy: Tensor) -> tuple[Tensor, None]:
    return (saved[0].float() * dy.float()).to(saved[0].dtype), None


def capped_forward(x: Tensor, targets: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    """z = cap tanh(x / cap), in float32."""
    z = CAP * torch.tanh(x.float() / CAP)
    loss, (_, _, logs) = forward(z, targets)
    return loss.to(x.dtype), (x, targets, logs)


def _by_capped(saved: tuple[Tensor, ...], dy: Tensor) -> tuple[Tensor, Tensor]:
    x, targets, logs = saved
    t = torch.tanh(x.float() / CAP)
    return backward((CAP * t, targets, logs), dy)[0], t


def capped_backward(saved: tuple[Tensor, ...], dy: Tensor) -> tuple[Tensor, None]:
    dz, t = _by_capped(saved, dy)
    return (dz * (1 - t * t)).to(saved[0].dtype), None


def _cap_forgotten(saved: tuple[Tensor, ...], dy: Tensor) -> tuple[Tensor, None]:
    return _by_capped(saved, dy)[0].to(saved[0].dtype), None


def _by_all_rows(saved: tuple[Tensor, ...], dy: Tensor) -> tuple[Tensor, None]:
    x, targets, logs = saved
    counted = (targets != IGNORED)[:, None]
    dz = (torch.exp(x.float() - logs) - _onehot(x, targets)) * (dy.float() / len(x))
    return torch.where(counted, dz, 0.0).to(x.dtype), None


def _ignored_rows_too(saved: tuple[Tensor, ...], dy: Tensor) -> tuple[Tensor, None]:
    """The row is skipped in the loss alone: its gradient is the softmax of it."""
    x, targets, logs = saved
    count = (targets != IGNORED).sum()
    return ((torch.exp(x.float() - logs) - _onehot(x, targets)) * (dy.float() / count)).to(x.dtype), None


def _cotangent_of_one(saved: tuple[Tensor, ...], dy: Tensor) -> tuple[Tensor, None]:
    return backward(saved, torch.ones_like(dy))


def _zeros_beyond(z: Tensor) -> Tensor:
    """The masked load of the last block fills with 0 and not with minus infinity: each adds exp(-m) to the sum."""
    beyond = -z.shape[1] % 64
    return _lse(torch.cat([z, z.new_zeros(len(z), beyond)], 1))


def _masked_by_zero(x: Tensor, targets: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    return forward(x, targets, _zeros_beyond)


def _entry(name: str, first, second, insides: str = "", fault: str = "", reference=_reference, **rest) -> Entry:
    return Entry(name, "cross entropy", fused(first, second), reference, _draw, insides, fault, **rest)


ENTRIES = (
    _entry("cross_entropy", forward, backward, "float32"),
    # float16 has no digits left for a gradient of a thousand rows that is stored twice
    _entry("cross_entropy_in_forward", _early_forward, _early_backward, "stored", dtypes=(ALL[0], ALL[2])),
    _entry("cross_entropy_softcap", capped_forward, capped_backward, "float32", reference=_capped_reference),
    _entry("cross_entropy_all_rows", forward, _by_all_rows, fault="gradient divided by all rows, ignored ones too"),
    _entry("cross_entropy_ignored", forward, _ignored_rows_too, fault="ignored rows get a gradient"),
    _entry("cross_entropy_ones", forward, _cotangent_of_one, fault="the cotangent of the loss is not used"),
    _entry("cross_entropy_zeros", _masked_by_zero, backward, fault="mask of the last block fills with 0, not -inf"),
    _entry(
        "cross_entropy_softcap_forgotten", capped_forward, _cap_forgotten, fault="backward without the cap's slope",
        reference=_capped_reference,
    ),
)  # fmt: skip
