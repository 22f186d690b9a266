"""Times: the interval, the verdict, and the machine's noise, all by a clock that is made up."""

import random
from statistics import median

import pytest

from backcheck.regression.difference import findings, speed
from backcheck.regression.difference.changes import TimeRatio
from backcheck.regression.difference.expectations import Expected
from backcheck.regression.difference.observations import About, Observations
from backcheck.regression.difference.shared_cases import SharedCases
from backcheck.regression.difference.speed import AS_FAST, CANNOT_TELL, FASTER, SLOWER, Timing

WHAT = Timing("tanh", "forward", "small", {})


def clock(ratio, noise=0.02, spikes=0.0, drift=0.0, seed=0):
    """A machine whose new side takes `ratio` times as long; some readings are disturbed, and it slows down."""
    chance, turns = random.Random(seed), 0

    def read(side, timing):
        nonlocal turns
        turns += 1
        disturbed = 1 + chance.random() * 3 if chance.random() < spikes else 1
        return 1000 * (ratio if side else 1) * (1 + chance.gauss(0, noise)) * disturbed * (1 + drift * turns)

    return read


@pytest.mark.parametrize(("ratio", "verdict"), [(1.0, AS_FAST), (1.5, SLOWER), (0.5, FASTER), (1.1, CANNOT_TELL)])
def test_a_clear_ratio_gets_its_verdict(ratio, verdict):
    (found,) = speed.measure([WHAT], clock(ratio), tests=184)
    assert found.verdict == verdict
    assert found.low <= found.ratio <= found.high
    assert found.low < ratio < found.high


def test_a_machine_that_slows_down_makes_nothing_slower():
    (found,) = speed.measure([WHAT], clock(1.0, drift=0.05), tests=184)
    assert found.verdict == AS_FAST


def test_disturbed_readings_widen_the_interval_and_flag_nothing():
    for seed in range(50):
        for found in speed.measure([WHAT] * 20, clock(1.0, noise=0.05, spikes=0.3, seed=seed), tests=184):
            assert found.verdict in (AS_FAST, CANNOT_TELL)


def test_the_interval_holds_the_median_as_often_as_it_says():
    chance, missed = random.Random(1), 0
    for _ in range(400):
        low, high = speed.interval([chance.lognormvariate(0, 1) for _ in range(25)], 0.05)
        missed += not low <= 1 <= high
    assert missed < 40


def test_too_few_values_say_nothing():
    assert speed.interval([1.0, 1.0, 1.0], 0.001) == (0.0, float("inf"))
    assert speed.interval([], 0.5) == (0.0, float("inf"))
    (found,) = speed.measure([WHAT], clock(3.0), tests=184, rounds=4)
    assert found.verdict == CANNOT_TELL


def test_more_tests_share_the_doubt_and_widen_the_interval():
    values = [1 + index / 100 for index in range(25)]
    few, many = speed.interval(values, 0.01), speed.interval(values, 0.01 / 500)
    assert many[0] < few[0] < median(values) < few[1] < many[1]


def _speed(low, high, verdict):
    return TimeRatio("tanh", "forward", "small", (low * high) ** 0.5, low, high, verdict, 1.0, 1.0)


def test_only_what_two_measurements_say_is_said():
    once, again = _speed(1.3, 1.5, SLOWER), _speed(0.98, 1.02, AS_FAST)
    assert speed.confirmed(once, again).verdict == CANNOT_TELL
    both = speed.confirmed(once, _speed(1.25, 1.4, SLOWER))
    assert both.verdict == SLOWER
    assert (both.low, both.high) == (1.25, 1.5)


def test_what_is_measured_again():
    inf = float("inf")
    assert speed.suspicious(_speed(1.3, 1.5, SLOWER), inf)
    assert speed.suspicious(_speed(0.5, 0.6, FASTER), inf)
    assert speed.suspicious(_speed(1.06, 1.09, AS_FAST), 1.05), "slower than is let pass, though it is hardly noticed"
    assert not speed.suspicious(_speed(0.95, 1.05, AS_FAST), inf)


@pytest.mark.parametrize(
    ("times", "limit", "says", "fails"),
    [
        ((1.6, 2.5, SLOWER), None, "tanh forward, small: slower, 2.00 times the old time (1.60 to 2.50)", False),
        ((0.2, 0.8, FASTER), None, "tanh forward, small: faster, 0.400 times the old time (0.200 to 0.800)", False),
        ((1.21, 1.44, SLOWER), 1.2, "tanh forward, small: slower, 1.32 times the old time (1.21 to 1.44); 1.2", True),
        ((0.95, 1.05, AS_FAST), None, None, None),
    ],
)
def test_the_sentence_of_a_time(times, limit, says, fails):
    nothing = About({}, {}, False)
    seen, expected = Observations(nothing, nothing, SharedCases()), Expected(max_slowdown=limit)
    found = findings.all_findings(seen, {}, expected, [_speed(*times)], [])
    assert [each.sentence.startswith(says) and each.fails is fails for each in found] == [True] * (says is not None)
