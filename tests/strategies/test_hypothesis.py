"""What we rely on within Hypothesis that is not public. A failure here says what a new version has taken away.

`backcheck.strategies.choice.ChoiceStrategy` and `backcheck.subjects.drawn.cases.DrawnCases` subclass SearchStrategy.
"""

import inspect
import os
import subprocess
import sys
from collections import Counter
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, configuration, find, given, seed, settings
from hypothesis.strategies import SearchStrategy, composite, integers

from backcheck.strategies.choice import MAX_CHOICES, ChoiceStrategy
from backcheck.strategies.storage import PRIVATE, kept_elsewhere
from backcheck.subjects.drawn.cases import DrawnCases

QUIET = settings(database=None, deadline=None, max_examples=1000, suppress_health_check=list(HealthCheck))


def parameters(function):
    return list(inspect.signature(function).parameters.values())


@pytest.mark.parametrize("strategy", [ChoiceStrategy, DrawnCases])
def test_a_strategy_of_ours_is_drawn_through_do_draw(strategy):
    """SearchStrategy.do_draw(self, data): without it nothing of ours is drawn."""
    assert issubclass(strategy, SearchStrategy)
    assert [p.name for p in parameters(SearchStrategy.do_draw)] == ["self", "data"]
    assert strategy.do_draw is not SearchStrategy.do_draw


def test_a_strategy_is_made_without_arguments():
    """SearchStrategy.__init__() sets what the base class needs: otherwise a strategy of ours breaks when it is used."""
    assert repr(ChoiceStrategy("its name", ten)) == "its name"
    assert len(drawn(ChoiceStrategy("its name", ten) | ChoiceStrategy("another", ten), 10)) == 10


def test_the_data_draws_integers_between_two_bounds_and_whole_strategies():
    """ConjectureData.draw_integer(min_value, max_value), by which every choice is made, and ConjectureData.draw."""
    from hypothesis.internal.conjecture.data import ConjectureData

    assert [p.name for p in parameters(ConjectureData.draw_integer)[:3]] == ["self", "min_value", "max_value"]
    assert [p.name for p in parameters(ConjectureData.draw)[:2]] == ["self", "strategy"]
    assert all(p.default is not p.empty for p in parameters(ConjectureData.draw_integer)[3:])


def drawn(strategy, count=1000):
    found = []

    @seed(1)
    @settings(QUIET, max_examples=count, phases=[Phase.generate])
    @given(strategy)
    def collect(value):
        found.append(value)

    collect()
    return found


def test_both_ends_of_a_choice_are_drawn():
    """draw_integer includes both bounds: the last option of a row is drawn, and nothing beyond it."""
    assert set(drawn(ChoiceStrategy("", lambda pick: pick("abc")))) == {"a", "b", "c"}


def ten(pick):
    return tuple(pick(range(10)) for _ in range(10))


@composite
def ten_composed(draw):
    return tuple(draw(integers(0, 9)) for _ in range(10))


def heads(strategy):
    """How many of 1,000 draws begin in a way of their own. Of random ones about 630 do."""
    return len({choices[:3] for choices in drawn(strategy)})


def test_direct_choices_are_not_copied_over_one_another():
    """The reason for all this: with copies two of three drawn networks have been drawn before."""
    assert heads(ChoiceStrategy("", ten)) > 550
    assert heads(ten_composed()) < 400, "Hypothesis copies no more: st.composite would do, and it is public"


def test_every_option_of_the_widest_choice_is_as_likely():
    """Hypothesis mixes numbers of the loaded modules into wider draws: a seed would draw other cases elsewhere."""
    found = drawn(ChoiceStrategy("", lambda pick: tuple(pick(range(MAX_CHOICES)) for _ in range(5))), 2000)
    counts = Counter(choice for choices in found for choice in choices)
    assert len(counts) == MAX_CHOICES
    del counts[0]  # the simplest comes more often: what is drawn after the first lines of a run is left at it
    assert max(counts.values()) < 2 * min(counts.values())


def test_a_failure_shrinks_to_the_first_options():
    """Hypothesis shrinks an integer towards 0: the first option is the simplest."""
    smallest = find(ChoiceStrategy("", ten), lambda choices: choices[3] > 6, settings=QUIET, random=Random(1))
    assert smallest == (0, 0, 0, 7, 0, 0, 0, 0, 0, 0)


def test_where_hypothesis_keeps_its_files_is_known_and_can_be_said(monkeypatch, tmp_path):
    """hypothesis.configuration.__hypothesis_home_directory, None until it is needed or said."""
    assert PRIVATE in configuration.__dict__
    monkeypatch.delenv("HYPOTHESIS_STORAGE_DIRECTORY", raising=False)
    monkeypatch.setenv("BACKCHECK_CACHE", str(tmp_path))
    before = configuration.__dict__[PRIVATE]
    try:
        configuration.set_hypothesis_home_dir(None)
        with kept_elsewhere():
            assert configuration.storage_directory("constants").path == tmp_path / "hypothesis" / "constants"
        assert configuration.__dict__[PRIVATE] is None
        configuration.set_hypothesis_home_dir(tmp_path / "chosen")
        with kept_elsewhere():
            assert configuration.__dict__[PRIVATE] == tmp_path / "chosen"
        assert configuration.__dict__[PRIVATE] == tmp_path / "chosen"
    finally:
        configuration.set_hypothesis_home_dir(before)


DRAWING = """
import numpy as np
import backcheck

def forward(x):
    return np.tanh(x), np.tanh(x)

right = backcheck.verify_rule((forward, lambda y, dy: dy * (1 - y * y)), draws=6)
wrong = backcheck.verify_rule((forward, lambda y, dy: dy * (1 - y)), draws=6)
print(right.verdict, wrong.verdict)
"""


def test_a_script_that_draws_leaves_nothing_in_its_folder(tmp_path):
    """Also where Hypothesis would read the script, and keep the numbers that stand in it."""
    (tmp_path / "script.py").write_text(DRAWING)
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"}
    environ.pop("HYPOTHESIS_STORAGE_DIRECTORY", None)
    done = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, env=environ, capture_output=True, text=True)
    assert done.stdout.strip() == "agree disagree", done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["script.py"]
