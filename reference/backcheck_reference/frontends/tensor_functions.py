"""The table's functions on PyTorch's tensors, which autograd differentiates: for code in NumPy and in JAX."""

from collections.abc import Callable
from typing import Any

from backcheck_reference.lazy import torch
from backcheck_reference.numbers.scalar_functions import FUNCTIONS

# PyTorch computes these and hands on no gradient; of polygamma it takes the order as a number in the code
NOT_DIFFERENTIATED = frozenset({"j0", "j1", "y0", "y1", "k0", "k1", "k0e", "k1e", "airy_ai", "polygamma"})
ON_TENSORS = {name: row for name, row in FUNCTIONS.items() if row.aten and name not in NOT_DIFFERENTIATED}


def on_tensors(name: str) -> Callable[..., Any]:
    """PyTorch's own operator for a function of the table."""
    return lambda *tensors: getattr(torch.ops.aten, ON_TENSORS[name].aten[0])(*tensors)
