"""Kernels with one planted fault each. They compute y = x * w over the rows of x, as people write kernels: with flat
loops over memory, which NumPy does here in the place of a compiler."""

import numpy as np
import torch


def flat(tensor, more=0, start=0):
    """The memory from a tensor's first entry on, whatever its strides say: what a pointer sees."""
    array = tensor.detach().numpy()
    place = np.lib.stride_tricks.as_strided
    whole = place(array[(slice(0, 1),) * array.ndim].reshape(1), (1,), (array.itemsize,), subok=False)
    assert np.shares_memory(whole, array)
    data = whole.__array_interface__["data"][0] + start * array.itemsize
    interface = {"data": (data, False), "shape": (array.size + more,), "typestr": array.dtype.str, "version": 3}
    return np.asarray(type("Pointer", (), {"__array_interface__": interface, "owner": array})())


def scaled_rows(forward=None, backward=None):
    """An autograd function of x and w with these in the place of what is right."""

    class ScaledRows(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, w):
            ctx.save_for_backward(x, w)
            return (forward or right_forward)(x, w)

        @staticmethod
        def backward(ctx, dy):
            return (backward or right_backward)(*ctx.saved_tensors, dy)

    return ScaledRows


def right_forward(x, w):
    y = torch.empty_like(x)
    y.copy_(x * w)
    return y


def right_backward(x, w, dy):
    return dy * w, (dy * x).sum(0)


def writes_beyond(x, w):
    y = right_forward(x, w)
    flat(y, 3)[-3:] = 1.0
    return y


def writes_before(x, w):
    y = right_forward(x, w)
    flat(y, 1, start=-1)[0] = 1.0
    return y


def writes_into_a_neighbour(x, w):
    """Of x, a part of wider rows: the place behind a row belongs to another tensor."""
    flat(x, x.stride(0))[x.shape[1]] = 1.0
    return right_forward(x, w)


def reads_beyond(x, w, dy):
    """The last block of the sum is not masked: one row too many is read."""
    dw = torch.zeros_like(w)
    for at in range(0, dy.numel() + w.numel(), w.numel()):
        rows = flat(dy, w.numel())[at : at + w.numel()] * flat(x, w.numel())[at : at + w.numel()]
        dw += torch.from_numpy(rows.copy())
    return dy * w, dw


def last_block_never_written(x, w, dy):
    dx = torch.empty_like(x)
    dx[:-1] = (dy * w)[:-1]
    return dx, (dy * x).sum(0)


def changes_its_input(x, w, dy):
    flat(x)[0] += 1
    return right_backward(x, w, dy)


def changes_its_cotangent(x, w, dy):
    flat(dy)[0] += 1
    return right_backward(x, w, dy)


def ignores_strides(x, w, dy):
    flat_dy = torch.from_numpy(flat(dy).copy()).reshape(x.shape)
    return right_backward(x, w, flat_dy)


def accumulates_into_fresh_memory(x, w, dy):
    dw = torch.empty_like(w)
    return dy * w, dw.add_((dy * x).sum(0))
