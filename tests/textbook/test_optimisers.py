"""An optimiser is a pure pair: what it is given it leaves alone, and what it returns is new."""

import flint
import numpy as np
import pytest

from scratch_bp.optimisers import OPTIMISERS


def example(dtype="float64"):
    params = {"w1": np.array([[1.0, 2.0]], dtype), "w2": np.array([[4.0], [-8.0]], dtype)}
    grads = {"w1": np.array([[0.5, -1.0]], dtype), "w2": np.array([[2.0], [0.0]], dtype), "x": np.ones((3, 1), dtype)}
    return params, grads


def test_sgd_goes_down_the_gradient():
    params, grads = example()
    new, _ = OPTIMISERS["sgd"].step(params, grads, OPTIMISERS["sgd"].init(params), lr=0.5)
    assert {name: w.tolist() for name, w in new.items()} == {"w1": [[0.75, 2.5]], "w2": [[3.0], [-8.0]]}


@pytest.mark.parametrize("name", OPTIMISERS)
def test_inputs_are_left_alone_and_share_no_memory_with_the_outcome(name):
    params, grads = example()
    kept = {key: array.copy() for key, array in (params | grads).items()}
    frozen = {key: array.copy() for key, array in params.items()}
    for array in (*params.values(), *grads.values()):
        array.flags.writeable = False
    new, _ = OPTIMISERS[name].step(params, grads, OPTIMISERS[name].init(params), lr=0.5)
    assert all((params[key] == frozen[key]).all() for key in params)
    assert all((grads[key] == kept[key]).all() for key in grads)
    assert not any(np.shares_memory(new[key], array) for key in new for array in (params[key], grads[key]))


@pytest.mark.parametrize("name", OPTIMISERS)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("lr", [0.1, np.float64(0.1)])
def test_the_dtype_of_the_weights_is_kept(name, dtype, lr):
    params, grads = example(dtype)
    new, _ = OPTIMISERS[name].step(params, grads, OPTIMISERS[name].init(params), lr=lr)
    assert {w.dtype for w in new.values()} == {np.dtype(dtype)}


def test_exact_numbers_stay_exact():
    w, dw = (np.array([[flint.arb(value)]], dtype=object) for value in (1, 3))
    new, _ = OPTIMISERS["sgd"].step({"w": w}, {"w": dw}, None, lr=0.25)
    assert new["w"][0, 0] == flint.arb(0.25)


def test_a_parameter_without_a_gradient_is_named():
    params, grads = example()
    with pytest.raises(ValueError, match="no gradient for the parameter 'w2'; gradients came for"):
        OPTIMISERS["sgd"].step(params, {"w1": grads["w1"]}, None, lr=0.1)


def test_a_gradient_of_another_shape_is_named():
    params, grads = example()
    with pytest.raises(ValueError, match=r"'w1' is \[1, 2\], its gradient is \[2, 1\]"):
        OPTIMISERS["sgd"].step(params, grads | {"w1": grads["w1"].T}, None, lr=0.1)
