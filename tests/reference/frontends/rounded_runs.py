"""A PyTorch function as a kernel of little precision computes it: every operator's result is rounded.

Independent of the balls: PyTorch's own float32 operators, taken apart by its own decompositions where it has some, and
each result rounded to a dtype before the next sees it.
"""

import torch
from torch._decomp import core_aten_decompositions
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

DECOMPOSITIONS = core_aten_decompositions()


class Rounded(TorchDispatchMode):
    def __init__(self, dtype, taken_apart=True):
        super().__init__()
        self.dtype, self.taken_apart = dtype, taken_apart

    def __torch_dispatch__(self, operator, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        decomposition = DECOMPOSITIONS.get(operator) if self.taken_apart else None
        if decomposition is not None:
            with self:
                result = decomposition(*args, **kwargs)
            if result is not NotImplemented:
                return result
        result = operator(*args, **kwargs)
        if operator.is_view:
            return result
        return tree_map(self.round, result)

    def round(self, leaf):
        if not isinstance(leaf, torch.Tensor) or not leaf.is_floating_point():
            return leaf
        rounded = leaf.to(self.dtype).to(leaf.dtype)
        return leaf.copy_(rounded) if leaf._base is None else rounded


def value_and_gradients(function, tensors, dy, wanted):
    leaves = [each.clone().requires_grad_(at in wanted) for at, each in enumerate(tensors)]
    y = function(*leaves)
    grads = torch.autograd.grad(y, [leaves[at] for at in wanted], dy.to(y.dtype), allow_unused=True)
    return [y.detach(), *grads]
