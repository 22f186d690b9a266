"""What verify_rule draws: sizes around tiles within its budget, odd memory, and the numbers of the code."""

from random import Random

import numpy as np
import pytest

from backcheck import verify_rule
from backcheck.strategies.choice import Pick
from backcheck.subjects.drawn.sizes import draw_sizes, parsed_axis

AXES = [parsed_axis(text) for text in ("*b", "n", "d", "2*k")]


def picking(seed: int) -> Pick:
    return Random(seed).choice


def blocked(block):
    """x w with dw summed over whole blocks of rows only."""

    def forward(x, w):
        return x @ w, (x, w)

    def backward(saved, dy):
        x, w = saved
        dw = 0 * w
        for first in range(0, max(len(x) // block, 1) * block, block):
            dw = dw + x[first : first + block].T @ dy[first : first + block]
        return dy @ w.T, dw

    return forward, backward


@pytest.mark.parametrize("block", [8, 16, 64])
def test_blocks_and_tiles_are_found_in_the_default_budget(block):
    found = verify_rule(blocked(block), ("n d", "d m"), seed=1)
    assert found.verdict == "disagree"
    assert found.failure.checked.problem.arrays["x"].size <= 2 * block + 1


def test_memory_order_is_found_and_said():
    def backward(y, dy):
        return dy.ravel("K").reshape(dy.shape) * (1 - y * y)

    found = verify_rule((lambda x: (np.tanh(x), np.tanh(x)), backward), "n d", seed=1)
    assert found.verdict == "disagree"
    assert "dy is transposed in memory" in str(found)
    assert ".swapaxes(-1, -2).copy()" in found.explain()


def test_a_window_between_two_literals_is_found():
    def backward(x, dy):
        return np.where((x > 20.5) & (x < 20.75), 0 * dy, dy * np.exp(x))

    assert verify_rule((lambda x: (np.exp(x), x), backward), "n d", seed=1).verdict == "disagree"


def test_a_window_that_stands_nowhere_in_the_code_is_found():
    low, high = np.array([20.5, 21.5])

    def backward(x, dy):
        return np.where((x > low) & (x < high), 0 * dy, dy / (1 + x * x))

    def forward(x):
        return np.arctan(x), x

    assert verify_rule((forward, backward), "n d", seed=1).verdict == "disagree"


def test_code_that_takes_no_empty_batch_is_not_told_so():
    found = verify_rule((lambda x: (x.max(), x), lambda x, dy: dy * (x == x.max())), "n d", seed=2)
    assert not any("not taken" in note or "out of the domain" in note for note in found.notes)


def test_sizes_are_mostly_small_sometimes_at_a_tile_and_seldom_empty():
    drawn = [draw_sizes(picking(seed), AXES) for seed in range(600)]
    longest = [max(max((*bound["*b"], 0)), bound["n"], bound["d"], 2 * bound["k"]) for bound in drawn]
    assert 0.08 < np.mean(np.array(longest) > 7) < 0.3
    assert {9, 17, 33, 65} <= set(longest)
    assert 0 < sum(0 in bound["*b"] for bound in drawn) < 40
    assert draw_sizes(lambda options: options[0], AXES) == {"*b": (2,), "n": 1, "d": 1, "k": 1}


def test_what_integers_count_is_never_empty():
    axes = [parsed_axis("v"), parsed_axis("d")]
    assert all(draw_sizes(picking(seed), axes, {"v"})["v"] for seed in range(300))


def test_an_array_of_two_equal_axes_stays_small():
    """Of "n n" with n = 257 exact products would take a minute."""
    axes = [parsed_axis("n"), parsed_axis("n")]
    drawn = {draw_sizes(picking(seed), axes, squared={"n"})["n"] for seed in range(600)}
    assert {9, 17, 33} <= drawn
    assert max(drawn) == 33
