"""What we rely on within Hypothesis that is not public. A failure here says what a new version has taken away.

`backcheck.strategies.choice.ChoiceStrategy` and `backcheck.subjects.drawn.cases.DrawnCases` subclass SearchStrategy.
"""

import inspect
from collections import Counter
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, find, given, seed, settings
from hypothesis.strategies import SearchStrategy, composite, integers

from backcheck.strategies.choice import MAX_CHOICES, ChoiceStrategy
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
