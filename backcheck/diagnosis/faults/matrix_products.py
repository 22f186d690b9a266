"""Matrix products with the wrong factors, or with one of them not transposed."""

from collections.abc import Iterator

import numpy as np

from backcheck.diagnosis.faults.fit import fits, is_truth
from backcheck.diagnosis.faults.wrong_gradient import Wrong, named_arrays


def _matrices(wrong: Wrong) -> Iterator[tuple[str, np.ndarray]]:
    """Every array as a matrix, its leading axes made one, and the transpose of each."""
    for name, array in {"dy": wrong.dy, **named_arrays(wrong)}.items():
        if array.ndim >= 2 and array.size:
            matrix = array.reshape(-1, array.shape[-1])
            yield name, matrix
            yield f"{name}.T", matrix.T


def _products(wrong: Wrong) -> Iterator[tuple[str, np.ndarray]]:
    """Every product of two of them that has dy as a factor and fits in shape."""
    for left, a in _matrices(wrong):
        for right, b in _matrices(wrong):
            names = {left.removesuffix(".T"), right.removesuffix(".T")}
            if a.shape[1] == b.shape[0] and a.shape[0] * b.shape[1] == wrong.want.size and "dy" in names:
                yield f"{left} @ {right}", (a @ b).reshape(wrong.want.shape)


def wrong_product(wrong: Wrong) -> str | None:
    if wrong.want.ndim < 2 or wrong.want.shape != wrong.got.shape:
        return None
    products = list(_products(wrong))
    wanted = next((name for name, each in products if is_truth(wrong, each)), None)
    used = next((name for name, each in products if fits(wrong, each)), None)
    return f"got is {used}; want is {wanted}" if wanted and used else None
