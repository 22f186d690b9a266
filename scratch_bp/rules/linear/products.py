"""The matrix product that the linear rules are made of."""

import numpy as np


def matmul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The product in the arrays' own dtype: NumPy returns float32 for bfloat16.

    Where one matrix serves all of many, theirs are laid under one another: one large product and no small ones. A
    column times a row is a plain product: BLAS takes several times as long.
    """
    if a.shape[-1] == 1 and a.ndim > 1 and b.ndim > 1:
        return a * b
    if b.ndim == 2 and a.ndim > 2:
        return matmul(a.reshape(-1, a.shape[-1]), b).reshape(*a.shape[:-1], b.shape[-1])
    return np.asanyarray(a @ b).astype(a.dtype, copy=False)
