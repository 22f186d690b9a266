"""A torch.autograd.Function with a right and a wrong backward, verified at any shape.

says: DISAGREE
"""

import torch

import backcheck


class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return dy * (s + x * s * (1 - s))


class Forgetful(Swish):
    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        return dy * torch.sigmoid(x)  # the product rule has a second term


print(backcheck.check_torch(Swish, torch.randn(3, 4)))
print(backcheck.verify_rule(Forgetful, arrays="n d", draws=50).explain())
