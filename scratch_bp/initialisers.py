"""Starting weights: pure functions (rng, shape, dtype, **config) -> a new array of that shape and dtype.

The names, parameters and formulas are PyTorch's (torch.nn.init), but weights here are [n_in, n_out], not transposed:
fan_in = n_in is the number of terms in each sum x W, and fan_out = n_out the number in each sum dY W^T.

Xavier: variance gain^2 2 / (fan_in + fan_out), which keeps the variances of values and of gradients both near constant
from layer to layer (Glorot and Bengio, 2010, "Understanding the difficulty of training deep feedforward neural
networks"). Kaiming: variance gain^2 / fan, for rectifiers, whose zero half is what the gain sqrt(2) makes up for (He,
Zhang, Ren and Sun, 2015, "Delving deep into rectifiers"). A uniform distribution on [-b, b] has variance b^2 / 3.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.random import Generator
from numpy.typing import DTypeLike

Shape = tuple[int, ...]


def zeros(rng: Generator, shape: Shape, dtype: DTypeLike = np.float64) -> np.ndarray:
    return np.zeros(shape, dtype)


def ones(rng: Generator, shape: Shape, dtype: DTypeLike = np.float64) -> np.ndarray:
    return np.ones(shape, dtype)


def uniform(
    rng: Generator, shape: Shape, dtype: DTypeLike = np.float64, *, low: float = 0.0, high: float = 1.0
) -> np.ndarray:
    # drawn in float64 and then rounded: the same seed means the same weights at every dtype
    return rng.uniform(low, high, shape).astype(dtype)


def normal(
    rng: Generator, shape: Shape, dtype: DTypeLike = np.float64, *, mean: float = 0.0, std: float = 1.0
) -> np.ndarray:
    return rng.normal(mean, std, shape).astype(dtype)


def xavier_uniform(rng: Generator, shape: Shape, dtype: DTypeLike = np.float64, *, gain: float = 1.0) -> np.ndarray:
    bound = math.sqrt(3) * _xavier_std(shape, gain)
    return uniform(rng, shape, dtype, low=-bound, high=bound)


def xavier_normal(rng: Generator, shape: Shape, dtype: DTypeLike = np.float64, *, gain: float = 1.0) -> np.ndarray:
    return normal(rng, shape, dtype, std=_xavier_std(shape, gain))


def kaiming_uniform(
    rng: Generator,
    shape: Shape,
    dtype: DTypeLike = np.float64,
    *,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
) -> np.ndarray:
    bound = math.sqrt(3) * _kaiming_std(shape, a, mode, nonlinearity)
    return uniform(rng, shape, dtype, low=-bound, high=bound)


def kaiming_normal(
    rng: Generator,
    shape: Shape,
    dtype: DTypeLike = np.float64,
    *,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
) -> np.ndarray:
    return normal(rng, shape, dtype, std=_kaiming_std(shape, a, mode, nonlinearity))


INITIALISERS: Mapping[str, Callable[..., np.ndarray]] = {
    "zeros": zeros,
    "ones": ones,
    "uniform": uniform,
    "normal": normal,
    "xavier_uniform": xavier_uniform,
    "xavier_normal": xavier_normal,
    "kaiming_uniform": kaiming_uniform,
    "kaiming_normal": kaiming_normal,
}

# what a nonlinearity does to the size of its input, undone: torch.nn.init.calculate_gain
GAINS: Mapping[str, Callable[[float], float]] = {
    "linear": lambda a: 1.0,
    "identity": lambda a: 1.0,
    "sigmoid": lambda a: 1.0,
    "tanh": lambda a: 5 / 3,
    "relu": lambda a: math.sqrt(2),
    "leaky_relu": lambda a: math.sqrt(2 / (1 + a * a)),
    "selu": lambda a: 3 / 4,
}


def gain_of(nonlinearity: str, a: float = 0.0) -> float:
    """The gain of a nonlinearity, `a` the slope of leaky_relu below zero. Raises ValueError for an unknown name."""
    if nonlinearity not in GAINS:
        raise ValueError(f"no gain is known for {nonlinearity!r}; known are {', '.join(GAINS)}")
    return GAINS[nonlinearity](a)


def fans(shape: Shape) -> tuple[int, int]:
    """(fan_in, fan_out) of weights [n_in, n_out]. Raises ValueError for any other number of axes or an empty axis."""
    if len(shape) != 2 or min(shape) < 1:
        raise ValueError(f"fan_in and fan_out need weights of shape (n_in, n_out), both 1 or more; got {shape}")
    return shape[0], shape[1]


def _xavier_std(shape: Shape, gain: float) -> float:
    return gain * math.sqrt(2 / sum(fans(shape)))


def _kaiming_std(shape: Shape, a: float, mode: str, nonlinearity: str) -> float:
    by_mode = dict(zip(("fan_in", "fan_out"), fans(shape), strict=True))
    if mode not in by_mode:
        raise ValueError(f"mode is 'fan_in' or 'fan_out', got {mode!r}")
    return gain_of(nonlinearity, a) / math.sqrt(by_mode[mode])
