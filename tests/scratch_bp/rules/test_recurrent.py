"""What the recurrent rules refuse, and that a sequence is its cells one after the other."""

import numpy as np
import pytest

from scratch_bp.rules import RULES

RNG = np.random.default_rng(0)
GATES = {"rnn": 1, "lstm": 4, "gru": 3}


def weights(gates, inputs, hidden):
    return [RNG.standard_normal(shape) for shape in ((gates * hidden, inputs), (gates * hidden, hidden))] + [
        RNG.standard_normal(gates * hidden) for _ in range(2)
    ]


@pytest.mark.parametrize("rule", GATES)
def test_a_sequence_is_its_cell_step_by_step(rule):
    x, own = RNG.standard_normal((4, 2, 3)), weights(GATES[rule], 3, 2)
    state = [RNG.standard_normal((1, 2, 2)) for _ in range(1 + (rule == "lstm"))]
    (y, *finals), _ = RULES[rule].forward(x, *state, *own)
    now = [each[0] for each in state]
    for t, row in enumerate(x):
        value, _ = RULES[f"{rule}_cell"].forward(row, *now, *own)
        now = list(value) if isinstance(value, tuple) else [value]
        np.testing.assert_allclose(y[t], now[0], rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose([final[0] for final in finals], now, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("rule", GATES)
@pytest.mark.parametrize(
    ("change", "options", "says"),
    [
        (lambda arrays: arrays, {"num_layers": 0}, "num_layers is 1 or more, got 0"),
        (lambda arrays: arrays, {"num_layers": 2}, "start in 2 states, got 1"),
        (lambda arrays: arrays, {"bidirectional": True}, "start in 2 states, got 1"),
        (lambda arrays: arrays[:-1], {}, "1 times 4 weights are needed, got 3"),
        (lambda arrays: arrays, {"bias": False}, "1 times 2 weights are needed, got 4"),
        (lambda arrays: [*arrays[:-1], arrays[-1][:-1]], {}, r"weights\[3\] has the shape"),
    ],
)
def test_layers_and_weights_that_do_not_fit_are_refused(rule, change, options, says):
    x, own = np.ones((4, 2, 3)), change(weights(GATES[rule], 3, 2))
    state = [np.ones((1, 2, 2))] * (1 + (rule == "lstm"))
    with pytest.raises(ValueError, match=f"^{rule}: .*{says}"):
        RULES[rule].forward(x, *state, *own, **options)


@pytest.mark.parametrize("rule", ["rnn", "rnn_cell"])
def test_an_unknown_nonlinearity_is_refused(rule):
    state = np.ones((1, 2, 2)) if rule == "rnn" else np.ones((2, 2))
    with pytest.raises(ValueError, match=f"{rule}: nonlinearity is one of tanh, relu, got 'sine'"):
        RULES[rule].forward(np.ones((*state.shape[:-2], 2, 3)), state, *weights(1, 3, 2), nonlinearity="sine")


@pytest.mark.parametrize("rule", GATES)
def test_a_cell_whose_weights_have_not_a_block_for_each_gate_is_refused(rule):
    state = [np.ones((2, 2))] * (1 + (rule == "lstm"))
    own = [np.ones((5, 3)), np.ones((5, 2))]
    with pytest.raises(ValueError, match=f"{rule}_cell: {GATES[rule]} gates of 2 need {2 * GATES[rule]} rows"):
        RULES[f"{rule}_cell"].forward(np.ones((2, 3)), *state, *own)


def test_gates_far_out_neither_overflow_nor_lose_the_state():
    c, w = np.array([[3.0]]), np.zeros((4, 1))
    far = np.array([-1e4, 1e4, 0.0, 1e4])
    with np.errstate(all="raise", under="ignore"):
        (h, new_c), saved = RULES["lstm_cell"].forward(np.ones((1, 1)), c, c, w, w, far)
        grads = RULES["lstm_cell"].backward(saved, (np.ones((1, 1)), np.ones((1, 1))))
    assert new_c == c
    assert h == np.tanh(3.0)
    assert all(np.isfinite(grad).all() for grad in grads)
