"""Starting weights have the distributions that PyTorch documents, and the seed alone decides them."""

import math

import numpy as np
import pytest
import torch

from scratch_bp.initialisers import GAINS, INITIALISERS, fans, gain_of, kaiming_uniform, normal, uniform, xavier_uniform

SHAPE = (300, 200)


def drawn(name: str, **config) -> np.ndarray:
    return INITIALISERS[name](np.random.default_rng(0), SHAPE, **config)


@pytest.mark.parametrize("name", INITIALISERS)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_shape_and_dtype_are_those_asked_for(name, dtype):
    w = INITIALISERS[name](np.random.default_rng(0), (3, 5), dtype)
    assert (w.shape, w.dtype) == ((3, 5), dtype)


@pytest.mark.parametrize("name", INITIALISERS)
def test_the_same_seed_gives_the_same_weights_rounded_to_the_dtype(name):
    wide, narrow = (INITIALISERS[name](np.random.default_rng(7), SHAPE, dtype) for dtype in ("float64", "float32"))
    assert (wide.astype("float32") == narrow).all()


def test_constants():
    assert (drawn("zeros") == 0).all()
    assert (drawn("ones") == 1).all()


# the standard deviation that each should have; for the uniform ones also the bound, sqrt(3) times as much
SPREADS = [
    ("uniform", {}, math.sqrt(1 / 12)),
    ("uniform", {"low": -2.0, "high": 4.0}, 6 * math.sqrt(1 / 12)),
    ("normal", {}, 1.0),
    ("normal", {"mean": 3.0, "std": 0.5}, 0.5),
    ("xavier_uniform", {}, math.sqrt(2 / 500)),
    ("xavier_uniform", {"gain": 5 / 3}, 5 / 3 * math.sqrt(2 / 500)),
    ("xavier_normal", {"gain": 2.0}, 2 * math.sqrt(2 / 500)),
    ("kaiming_uniform", {}, math.sqrt(2 / 300)),
    ("kaiming_uniform", {"mode": "fan_out"}, math.sqrt(2 / 200)),
    ("kaiming_uniform", {"a": math.sqrt(5)}, math.sqrt(1 / 3 / 300)),
    ("kaiming_normal", {"nonlinearity": "tanh"}, 5 / 3 / math.sqrt(300)),
    ("kaiming_normal", {"mode": "fan_out", "nonlinearity": "relu"}, math.sqrt(2 / 200)),
]


@pytest.mark.parametrize(("name", "config", "std"), SPREADS)
def test_the_spread_is_the_formula(name, config, std):
    w = drawn(name, **config)
    # 60,000 draws: the sample's deviation is within 2 % of the true one but once in 10^11 seeds
    assert w.std() == pytest.approx(std, rel=0.02)
    if "uniform" in name:
        half = (w.max() - w.min()) / 2
        assert half == pytest.approx(std * math.sqrt(3), rel=1e-3)
        assert half <= std * math.sqrt(3)


@pytest.mark.parametrize("name", ["xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal"])
def test_pytorch_spreads_the_transposed_weights_alike(name):
    # weights of torch.nn.Linear are [n_out, n_in]
    torch.manual_seed(0)
    theirs = getattr(torch.nn.init, f"{name}_")(torch.empty(SHAPE[1], SHAPE[0], dtype=torch.float64))
    assert drawn(name).std() == pytest.approx(theirs.numpy().std(), rel=0.03)


@pytest.mark.parametrize("name", sorted(set(GAINS) - {"identity"}))
def test_gains_are_those_of_pytorch(name):
    for a in (0.0, 0.2):
        assert gain_of(name, a) == pytest.approx(torch.nn.init.calculate_gain(name, a), rel=1e-15)


def test_fans_are_terms_going_forward_and_backward():
    assert fans((7, 3)) == (7, 3)


@pytest.mark.parametrize("shape", [(3,), (2, 3, 4), (0, 3), ()])
def test_shapes_without_fans_are_refused(shape):
    with pytest.raises(ValueError, match=r"weights of shape \(n_in, n_out\)"):
        xavier_uniform(np.random.default_rng(0), shape)


def test_unknown_modes_and_nonlinearities_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="mode is 'fan_in' or 'fan_out', got 'fan_avg'"):
        kaiming_uniform(rng, SHAPE, mode="fan_avg")
    with pytest.raises(ValueError, match="no gain is known for 'swish'"):
        kaiming_uniform(rng, SHAPE, nonlinearity="swish")


def test_draws_advance_the_generator():
    rng = np.random.default_rng(0)
    assert (normal(rng, (4, 4)) != normal(rng, (4, 4))).all()
    assert (uniform(rng, (4, 4)) != uniform(rng, (4, 4))).all()
