"""The textbook network learns to read digits, shows every step it takes, and says why when it cannot."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from scratch_bp.data import Dataset, Examples, load_digits, split
from scratch_bp.network import value_and_grad
from scratch_bp.rules import RULES, Rule
from scratch_bp.textbook import MEAN_SQUARED_ERROR, backward, forward
from scratch_bp.train import (
    Settings,
    TrainingError,
    accuracy,
    initial,
    landmark,
    outputs,
    predict,
    steps,
    train,
)


def blobs(rows=50, dtype="float64") -> Dataset:
    """Two classes on either side of 0, as a network without biases can tell apart: a quick thing to learn."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, rows)
    return split("blobs", rng.normal(0, 0.3, (rows, 3)) + (2 * labels - 1)[:, None], labels, dtype=dtype)


SMALL = Settings(sizes=(3, 4, 2), eta=2.0, batch=7, epochs=3)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", range(5))
def test_it_learns_to_read_digits(dtype, seed):
    trained = train(load_digits(seed=seed, dtype=dtype), Settings(seed=seed))
    losses = [epoch.loss for epoch in trained.epochs]
    assert len(losses) == 20
    assert losses[-1] < losses[9] < losses[0]
    assert trained.epochs[-1].accuracy > 0.95
    assert {w.dtype for w in trained.params.values()} == {np.dtype(dtype)}


def test_the_same_seed_learns_the_same():
    one, same, other = (train(blobs(), replace(SMALL, seed=seed)) for seed in (1, 1, 2))
    assert one.epochs == same.epochs
    assert all((one.params[name] == same.params[name]).all() for name in one.params)
    assert one.epochs != other.epochs


def test_every_epoch_visits_every_row_once_and_the_last_batch_may_be_short():
    data = blobs()
    by_epoch = {1: [], 2: [], 3: []}
    for step in steps(data, SMALL):
        by_epoch[step.epoch].append(step.arrays["x"])
    for batches in by_epoch.values():
        assert [len(batch) for batch in batches] == [7, 7, 7, 7, 7, 5]
        assert sorted(map(tuple, np.concatenate(batches))) == sorted(map(tuple, data.train.x))
    assert (by_epoch[1][0] != by_epoch[2][0]).any()


def test_a_step_can_be_computed_again_from_what_it_shows():
    for step in steps(blobs(), SMALL):
        assert all(step.network.arrays[name].shape == array.shape for name, array in step.arrays.items())
        loss, grads = value_and_grad(step.network, step.arrays, np.ones(()))
        assert loss == step.loss
        assert all((grads[name] == step.grads[name]).all() for name in grads)
        assert all((step.arrays[name] - SMALL.eta * grads[name] == w).all() for name, w in step.params.items())


def test_a_step_is_one_of_the_textbook():
    step = next(steps(blobs(), SMALL))
    X, W, Y = step.arrays["x"], {1: step.arrays["w1"], 2: step.arrays["w2"]}, step.arrays["target"]
    run = forward(X, W)
    dW = backward(run, W, Y).dW
    assert step.loss == pytest.approx(MEAN_SQUARED_ERROR.E(Y, run.B[2]), rel=1e-14)
    for L in W:
        np.testing.assert_allclose(step.grads[f"w{L}"], dW[L], rtol=1e-12)


def test_steps_follow_one_another_and_the_callbacks_see_them():
    seen, epochs = [], []
    trained = train(blobs(), SMALL, on_step=seen.append, on_epoch=epochs.append)
    assert [step.number for step in seen] == list(range(1, seen[0].total + 1))
    for before, after in pairwise(seen):
        assert all(after.arrays[name] is w for name, w in before.params.items())
    assert seen[-1].params == dict(trained.params)
    assert tuple(epochs) == trained.epochs


@pytest.mark.parametrize(
    ("epochs", "batch", "want"),
    [
        (3, 40, {1: "start", 2: "middle", 3: "end"}),
        (9, 40, {1: "start", 5: "middle", 9: "end"}),
        (2, 40, {1: "start", 2: "end"}),
        (1, 40, {1: "start"}),
    ],
)
def test_landmarks(epochs, batch, want):
    walk = steps(blobs(), replace(SMALL, epochs=epochs, batch=batch))
    assert {step.number: landmark(step) for step in walk if landmark(step)} == want


def test_an_epoch_weighs_its_steps_by_their_rows():
    losses = {}
    for step in steps(blobs(), SMALL):
        losses.setdefault(step.epoch, []).extend([step.loss] * len(step.arrays["x"]))
    got = [epoch.loss for epoch in train(blobs(), SMALL).epochs]
    assert got == pytest.approx([sum(each) / len(each) for each in losses.values()], rel=1e-12)


@pytest.mark.parametrize(("activation", "eta"), [("sigmoid", 2.0), ("tanh", 0.1), ("identity", 0.1)])
@pytest.mark.parametrize(("reduction", "terms"), [("mean", 1), ("sum", 16)])
def test_all_its_networks_learn(activation, eta, reduction, terms):
    settings = Settings((3, 4, 2), activation, reduction, eta / terms, epochs=30)
    epochs = train(blobs(), settings).epochs
    assert epochs[-1].loss < epochs[0].loss
    assert epochs[-1].accuracy == 1


def test_the_rules_under_test_are_the_ones_that_learn():
    """With a sigmoid whose backward gives nothing back, no weight moves."""
    dead = {**RULES, "sigmoid": Rule(RULES["sigmoid"].forward, lambda y, dy: (0 * dy,))}
    trained, start = train(blobs(), SMALL, rules=dead), initial(SMALL, np.dtype("float64"))
    assert all((trained.params[name] == start[name]).all() for name in start)


def test_predictions_are_the_largest_outputs():
    params, x = {"w1": np.array([[1.0, 0.0], [0.0, 2.0]])}, np.array([[1.0, 0.0], [1.0, 1.0], [-3.0, -1.0]])
    assert outputs(params, x, "identity").tolist() == [[1, 0], [1, 2], [-3, -2]]
    assert predict(params, x).tolist() == [0, 1, 1]
    assert accuracy(params, Examples(x, np.array([0, 1, 0]), 2)) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"eta": 0.0}, "eta is a finite number above 0, got 0.0"),
        ({"eta": -1.0}, "eta is a finite number above 0"),
        ({"eta": float("nan")}, "eta is a finite number above 0, got nan"),
        ({"eta": float("inf")}, "eta is a finite number above 0, got inf"),
        ({"batch": 0}, "batch is 1 or more, got 0"),
        ({"epochs": 0}, "epochs is 1 or more, got 0"),
        ({"seed": -1}, "seed is 0 or more, got -1"),
        ({"sizes": (4, 4, 2)}, r"features and end with the classes of the data, 3 and 2; got \(4, 4, 2\)"),
        ({"sizes": (3, 4, 3)}, "features and end with the classes of the data, 3 and 2"),
        ({"sizes": (3,)}, "features and end with the classes"),
        ({"sizes": (3, 0, 2)}, "two or more layers"),
        ({"activation": "step"}, "activation of the textbook network is one of"),
        ({"reduction": "max"}, "reduction of the textbook network is one of"),
        ({"initialiser": "magic"}, "initialiser is one of zeros, .*; got 'magic'"),
        ({"optimiser": "magic"}, "optimiser is one of sgd, .*; got 'magic'"),
    ],
)
def test_settings_that_cannot_work_are_refused_before_the_first_step(change, message):
    with pytest.raises(TrainingError, match=message):
        steps(blobs(), replace(SMALL, **change))


def test_integers_are_not_learned_from():
    part = Examples(np.ones((4, 3), dtype=int), np.array([0, 1, 0, 1]), 2)
    with pytest.raises(TrainingError, match=r"x must be floating point to learn from, got int64: x\.astype"):
        train(Dataset("integers", part, part), SMALL)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_loss_that_runs_away_is_reported_with_the_step_and_eta(dtype):
    settings = replace(SMALL, activation="identity", eta=1e6, epochs=50)
    with pytest.raises(TrainingError, match=r"after step \d+ the loss .* is not finite; try an eta below 1000000.0"):
        train(blobs(dtype=dtype), settings)
