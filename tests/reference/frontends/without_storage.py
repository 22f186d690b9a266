"""A tensor that has no numbers of its own in memory, as arrays of balls have none, and what it is compared with."""

import numpy as np
import torch
from torch.utils._pytree import tree_map


class WithoutStorage(torch.Tensor):
    """Wraps the floats of another tensor. Whoever asks for its memory gets an error."""

    @staticmethod
    def __new__(cls, held):
        size, dtype = held.shape, held.dtype
        return torch.Tensor._make_wrapper_subclass(cls, size, dtype=dtype, strides=held.stride())

    def __init__(self, held):
        self.held = held

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        def bare(value):
            return value.held if isinstance(value, cls) else value

        def wrapped(value):
            return cls(value) if isinstance(value, torch.Tensor) and value.is_floating_point() else value

        assert function is not torch.ops.aten._local_scalar_dense.default or not args[0].is_floating_point()
        return tree_map(wrapped, function(*tree_map(bare, args), **tree_map(bare, kwargs or {})))

    def data_ptr(self):
        raise AssertionError("asked for its memory")

    numpy = tolist = item = __array__ = data_ptr


def random_like(value, rng):
    return torch.tensor(rng.standard_normal(tuple(value.shape)))


def answers(function, arrays, seed=0, wrapper=lambda t: t):
    """The values of a function of tensors, and its gradients for cotangents drawn from the seed."""
    leaves = [torch.tensor(array) for array in arrays]
    moved = [leaf.requires_grad_() for leaf in leaves if leaf.is_floating_point()]
    found = function(*(wrapper(leaf) if leaf.is_floating_point() else leaf for leaf in leaves))
    outputs = list(found) if isinstance(found, tuple | list) else [found]
    rng = np.random.default_rng(seed)
    cotangents = [random_like(y, rng) for y in outputs]
    total = sum((y * dy).sum() for y, dy in zip(outputs, cotangents, strict=True) if y.is_floating_point())
    return outputs, cotangents, torch.autograd.grad(total, moved, allow_unused=True, materialize_grads=True)


class Wrap(torch.autograd.Function):
    """From an ordinary tensor to one without storage, and back with the gradient."""

    @staticmethod
    def forward(ctx, x):
        return WithoutStorage(x.detach())

    @staticmethod
    def backward(ctx, dy):
        return dy.held if isinstance(dy, WithoutStorage) else dy


def held(value):
    value = value.detach()
    return np.asarray(value.held if isinstance(value, WithoutStorage) else value)


def require_same_without_storage(function, arrays):
    """The same values and gradients from tensors without storage."""
    values, _, grads = answers(function, arrays)
    others, _, other_grads = answers(function, arrays, wrapper=Wrap.apply)
    for one, other in zip((*values, *grads), (*others, *other_grads), strict=True):
        np.testing.assert_allclose(held(other), held(one), rtol=1e-12, atol=1e-13)


def require_same_values(values, wants):
    assert len(values) == len(wants)
    for value, want in zip(values, wants, strict=True):
        assert tuple(value.shape) == np.shape(want)
        np.testing.assert_allclose(held(value), np.asarray(want), rtol=1e-10, atol=1e-12)


def differences(function, arrays, cotangents, step=1e-5):
    """Central differences along one direction in each array of floats, and the direction."""
    rng = np.random.default_rng(5)
    for at, array in enumerate(arrays):
        if array.dtype.kind != "f":
            continue
        along = rng.standard_normal(array.shape)

        def value(by, at=at, along=along):
            moved = [each + by * along if i == at else each for i, each in enumerate(arrays)]
            found = function(*moved)
            outputs = found if isinstance(found, tuple | list) else [found]
            return sum(np.sum(np.asarray(y) * held(dy)) for y, dy in zip(outputs, cotangents, strict=True))

        yield along, (value(step) - value(-step)) / (2 * step)
