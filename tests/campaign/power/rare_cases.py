"""Cases that show faults which hardly any draw shows: by fault, (arrays, options)."""

import numpy as np


def numbers(*shape):
    return np.random.Generator(np.random.PCG64(len(shape))).standard_normal(shape)


RARE_CASES = {
    "einsum: the first of what was repeated": [((numbers(1, 3), numbers(4, 3)), {"equation": "ij,ij->ij"})],
    "bce: the logarithm's limit ignored": [((np.array([1e-60, 0.3]), np.array([0.5, 0.25])), {})],
    "ctc: not divided by the lengths": [
        ((numbers(5, 1, 3), np.array([[1, 2]])), {"input_lengths": (5,), "target_lengths": (2,)})
    ],
    "upsample: align_corners by default": [((numbers(1, 1, 3, 3),), {"size": (5, 5), "mode": "bilinear"})],
}
