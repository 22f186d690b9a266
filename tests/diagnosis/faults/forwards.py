"""Small forwards that the project has no rule for, and that people get wrong."""

import numpy as np

from scratch_bp.elementary import like, logistic
from scratch_bp.rules.activations import softmax


def rms_norm(x, gamma, *, eps=1e-6):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) * gamma, None


def layer_norm(x, gamma, beta, *, eps=1e-5):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred * centred).mean(-1, keepdims=True) + eps) * gamma + beta, None


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


def clamped_cross_entropy(x, target, *, least=1e-7):
    p = softmax.forward(x)[0][np.arange(len(x)), target]
    return -np.log(np.maximum(p, like(p, least))).mean(), None


def truncated_error(x, target, *, most=0.5):
    """Huber-like: a square that a far point does not go beyond."""
    residual = x - target
    return np.minimum(residual * residual / 2, like(residual, most)).mean(), None


def huber_by_clip(x, target, *, delta=1.0):
    residual = x - target
    held = np.clip(residual, like(residual, -delta), like(residual, delta))
    return (held * (residual - held / 2)).mean(), None


def huber_by_where(x, target, *, delta=1.0):
    """With conditions, as most write it."""
    size, edge = abs(x - target), like(x, delta)
    return np.where(size <= edge, size * size / 2, edge * (size - edge / 2)).mean(), None


def log_between(x):
    """A clamp written with conditions."""
    low, high = like(x, 0.1), like(x, 1.5)
    return np.log(np.where(x < low, low, np.where(x > high, high, x))), None


def clipped_logistic(x):
    """Its branch at 0 looks like a limit of 1 where no entry is negative."""
    return np.clip(logistic(x), like(x, 0.1), like(x, 0.75)), None


def unit_length(x, *, eps=1e-3):
    """A whole tensor whose one intermediate value is held."""
    return x / np.maximum(np.sqrt((x * x).sum()), like(x, eps)), None


def floats_only(x):
    """Leaves exact arithmetic: its elements are made floats."""
    return np.asarray(x, dtype=np.float64) ** 3, None
