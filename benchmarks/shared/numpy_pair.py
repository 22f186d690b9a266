"""A pair of NumPy functions as PyTorch sees it: what is handed to gradcheck."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch


class NumpyPair(torch.autograd.Function):
    """`NumpyPair.apply(forward, backward, config, *tensors)`."""

    @staticmethod
    def forward(
        ctx: Any,
        forward: Callable[..., Any],
        backward: Callable[..., Any],
        config: Mapping[str, Any],
        *arrays: torch.Tensor,
    ) -> torch.Tensor:
        y, ctx.saved = forward(*(array.detach().numpy() for array in arrays), **config)
        ctx.pull = backward
        return torch.from_numpy(np.array(y))

    @staticmethod
    def backward(ctx: Any, dy: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        grads = ctx.pull(ctx.saved, dy.numpy())
        return None, None, None, *(None if grad is None else torch.from_numpy(np.array(grad)) for grad in grads)
