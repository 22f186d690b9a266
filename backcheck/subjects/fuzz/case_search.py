"""One search through a strategy of cases: the one draw loop of this folder."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import HypothesisException
from hypothesis.strategies import SearchStrategy

from backcheck.strategies.storage import kept_elsewhere


class _FoundCase(Exception):
    """Raised inside Hypothesis for a case that is looked for."""


def search(
    cases: SearchStrategy[Any], wanted: Callable[[Any], bool], draws: int, number: int, phases: Sequence[Phase]
) -> list[Any]:
    """The cases that are wanted, each simpler than the one before. One seed always gives the same.

    What `wanted` raises goes through, and ends the search: Hypothesis would run the case once more, and call it flaky
    where the second run does not raise.
    """
    found: list[Any] = []
    raised: list[Exception] = []

    @seed(number)
    @settings(
        max_examples=draws,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=phases,
        report_multiple_bugs=False,
        print_blob=False,
    )
    @given(cases)
    def look(case: Any) -> None:
        if raised:
            return
        try:
            hit = wanted(case)
        except HypothesisException:
            raise
        except Exception as error:
            raised.append(error)
            raise
        if hit:
            found.append(case)
            raise _FoundCase

    with kept_elsewhere(), suppress(_FoundCase, HypothesisException):
        try:
            look()
        finally:
            if raised:
                raise raised[0]
    return found
