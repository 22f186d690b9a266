"""Convolutions by patches and one product of matrices, and pooling."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from tests.subjects.kernels.corpus.entry import Entry, affine, blocks, fused, normal, total

SEQUENCES = {"small": (2, 3, 8, 4), "odd": (3, 5, 33, 7), "large": (8, 32, 256, 32)}  # n, channels, length, filters
IMAGES = {"small": (2, 2, 5, 5, 3), "odd": (3, 5, 17, 9, 7), "large": (4, 16, 32, 32, 16)}
Gradients = tuple[Tensor, Tensor, Tensor]


def _sequences(dtype: torch.dtype, size: str, generator: torch.Generator) -> Gradients:
    n, c, length, filters = SEQUENCES[size]
    x, w = normal(dtype, generator, n, c, length), normal(dtype, generator, filters, c, 3, scale=0.5)
    return x, w, affine(dtype, generator, filters)


def _images(dtype: torch.dtype, size: str, generator: torch.Generator) -> Gradients:
    n, c, h, w, filters = IMAGES[size]
    x, weight = normal(dtype, generator, n, c, h, w), normal(dtype, generator, filters, c, 3, 3, scale=0.5)
    return x, weight, affine(dtype, generator, filters)


def _image_alone(dtype: torch.dtype, size: str, generator: torch.Generator) -> tuple[Tensor]:
    return (_images(dtype, size, generator)[0],)


def _reference(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return functional.conv1d(x, w, b, padding=1)


def _reference_2d(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return functional.conv2d(x, w, b, padding=1)


def _max_reference(x: Tensor) -> Tensor:
    return functional.max_pool2d(x, 2)


def _average_reference(x: Tensor) -> Tensor:
    return functional.avg_pool2d(x, 3, 2, 1, count_include_pad=False)


def _patches(x: Tensor) -> Tensor:
    """Of each place of a padded sequence, its three neighbours in every channel: n, length, channels x 3."""
    return functional.pad(x.float(), (1, 1)).unfold(2, 3, 1).permute(0, 2, 1, 3).flatten(2)


def forward(x: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    y = torch.empty(len(x), len(w), x.shape[2], dtype=x.dtype)
    flat = w.float().flatten(1)
    for image in range(len(x)):
        patches = _patches(x[image : image + 1])[0]
        for place in blocks(x.shape[2], 64):
            y[image, :, place] = (flat @ patches[place].T + b.float()[:, None]).to(x.dtype)
    return y, (x, w)


def backward(saved: tuple[Tensor, Tensor], dy: Tensor) -> Gradients:
    """dx: the cotangent against the filters the other way round."""
    x, w = saved
    wide = dy.float()
    around = w.float().flip(2).transpose(0, 1).flatten(1)
    dx = (_patches(dy) @ around.T).mT
    dw = total((wide @ _patches(x)), step=2).reshape(w.shape)
    return dx.to(x.dtype), dw.to(x.dtype), total(wide.sum(2), step=2).to(x.dtype)


def _not_flipped(saved: tuple[Tensor, Tensor], dy: Tensor) -> Gradients:
    x, w = saved
    dx = (_patches(dy) @ w.float().transpose(0, 1).flatten(1).T).mT
    return dx.to(x.dtype), *backward(saved, dy)[1:]


def _columns(x: Tensor) -> Tensor:
    return functional.unfold(x.float(), 3, padding=1)


def forward_2d(x: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    y = w.float().flatten(1) @ _columns(x) + b.float()[:, None]
    return y.reshape(len(x), len(w), *x.shape[2:]).to(x.dtype), (x, w)


def backward_2d(saved: tuple[Tensor, Tensor], dy: Tensor, columns=_columns) -> Gradients:
    """dx: what each place of the columns gets goes back to where it came from, and is added there."""
    x, w = saved
    flat = dy.float().flatten(2)
    dcolumns = w.float().flatten(1).T @ flat
    dx = functional.fold(dcolumns, x.shape[2:], 3, padding=1)
    dw = total(flat @ columns(x).mT, step=2).reshape(w.shape)
    return dx.to(x.dtype), dw.to(x.dtype), total(flat.sum(2), step=2).to(x.dtype)


def _stored_columns(x: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """One product for each of the nine places of the filter, and what they add up to stored in between."""
    padded, (h, wide) = functional.pad(x.float(), (1, 1, 1, 1)), x.shape[2:]
    y = b[None, :, None, None].expand(len(x), -1, h, wide)
    for i in range(3):
        for j in range(3):
            part = torch.einsum("nchw,oc->nohw", padded[:, :, i : i + h, j : j + wide], w[:, :, i, j].float())
            y = (y.float() + part).to(x.dtype)
    return y, (x, w)


def _wrapped(x: Tensor) -> Tensor:
    """No mask at the border: the row before ends where this one begins."""
    rows = functional.pad(x.float(), (0, 0, 1, 1)).flatten(2)
    h, w = x.shape[2:]
    place = (torch.arange(h)[:, None] * w + torch.arange(w)).flatten()
    offsets = [i * w + j for i in range(3) for j in (-1, 0, 1)]
    reached = torch.stack([rows[:, :, (place + offset).clamp(0, rows.shape[2] - 1)] for offset in offsets], 2)
    return reached.flatten(1, 2)


def _border_unmasked(saved: tuple[Tensor, Tensor], dy: Tensor) -> Gradients:
    return backward_2d(saved, dy, _wrapped)


def max_forward(x: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """The place of the largest entry is kept for backward; an odd last row or column is in no window."""
    h, w = x.shape[2] // 2, x.shape[3] // 2
    windows = x[:, :, : 2 * h, : 2 * w].unflatten(2, (h, 2)).unflatten(4, (w, 2)).transpose(3, 4).flatten(4)
    y, place = windows.max(-1)
    return y, (x, place)


def max_backward(saved: tuple[Tensor, Tensor], dy: Tensor) -> Tensor:
    x, place = saved
    windows = torch.zeros(*place.shape, 4, dtype=x.dtype).scatter_(-1, place[..., None], dy[..., None])
    dx = torch.zeros_like(x)
    dx[:, :, : 2 * dy.shape[2], : 2 * dy.shape[3]] = (
        windows.unflatten(-1, (2, 2)).transpose(3, 4).flatten(4, 5).flatten(2, 3)
    )
    return dx


def _every_place(saved: tuple[Tensor, Tensor], dy: Tensor) -> Tensor:
    """The place within the window is taken as column, row."""
    x, place = saved
    return max_backward((x, place % 2 * 2 + place // 2), dy)


def _counts(x: Tensor) -> Tensor:
    """How many entries of the image each window holds."""
    return functional.unfold(torch.ones(1, 1, *x.shape[2:]), 3, padding=1, stride=2).sum(1)


def average_forward(x: Tensor) -> tuple[Tensor, tuple[Tensor]]:
    columns = functional.unfold(x.float().flatten(0, 1)[:, None], 3, padding=1, stride=2)
    y = (columns.sum(1) / _counts(x)).to(x.dtype)
    return y.reshape(*x.shape[:2], *((size + 1) // 2 for size in x.shape[2:])), (x,)


def average_backward(saved: tuple[Tensor], dy: Tensor, counts=_counts) -> Tensor:
    (x,) = saved
    shares = (dy.float().flatten(2).flatten(0, 1) / counts(x))[:, None].expand(-1, 9, -1)
    return functional.fold(shares, x.shape[2:], 3, padding=1, stride=2).reshape(x.shape).to(x.dtype)


def _always_nine(saved: tuple[Tensor], dy: Tensor) -> Tensor:
    return average_backward(saved, dy, lambda x: torch.tensor(9.0))


_ONE = ("conv1d", _reference, _sequences)
_TWO = ("conv2d", _reference_2d, _images)
_MAX = ("max pooling", _max_reference, _image_alone)
_AVERAGE = ("avg pooling", _average_reference, _image_alone)


def _entry(what: tuple, first, second, insides: str = "", name: str = "", fault: str = "") -> Entry:
    operation, reference, draw = what
    name = operation.replace(" ", "_") + name
    return Entry(name, operation, fused(first, second), reference, draw, insides, fault)


ENTRIES = (
    _entry(_ONE, forward, backward, "float32"),
    _entry(_TWO, forward_2d, backward_2d, "float32"),
    _entry(_TWO, _stored_columns, backward_2d, "dtype", "_nine_products"),
    _entry(_MAX, max_forward, max_backward, "float32"),
    _entry(_AVERAGE, average_forward, average_backward, "float32"),
    _entry(_ONE, forward, _not_flipped, name="_not_flipped", fault="dx by filters that are not turned round"),
    _entry(
        _TWO, forward_2d, _border_unmasked, name="_border", fault="dw without the mask of the left and right border"
    ),
    _entry(_MAX, max_forward, _every_place, name="_place", fault="row and column of the largest entry swapped"),
    _entry(
        _AVERAGE, average_forward, _always_nine, name="_nine", fault="windows at the border divide by 9 in backward"
    ),
)
