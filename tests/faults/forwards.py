"""Small forwards that the project has no rule for, and that people get wrong."""

import numpy as np


def rms_norm(x, gamma, *, eps=1e-6):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) * gamma, None


def batch_norm(x, gamma, beta, *, eps=1e-5):
    centred = x - x.mean((0, 2, 3), keepdims=True)
    scale = 1 / np.sqrt((centred * centred).mean((0, 2, 3), keepdims=True) + eps)
    return centred * scale * gamma.reshape(1, -1, 1, 1) + beta.reshape(1, -1, 1, 1), None


def transpose(x, *, axes=None):
    return x.transpose(axes), None


def pick(x, index):
    return x[index], None


def dropout(x, mask, *, p=0.5):
    return x * mask / (1 - p), None


def scaled(x, *, scale=1.0):
    return x * scale, None


def logarithm(x):
    return np.log(x), None


def attention_scores(x, k):
    return x @ k.T, None


def largest(x):
    return x.max(-1), None


def standardise(x, *, eps=1e-3):
    """The scale alone, as weight norm has it."""
    return x / np.sqrt((x * x).sum() + eps), None


def running_sum_of_sines(x):
    return np.cumsum(np.sin(x), axis=-1), None


def floats_only(x):
    """Leaves exact arithmetic: its elements are made floats."""
    return np.asarray(x, dtype=np.float64) ** 3, None
