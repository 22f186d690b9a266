"""What tests checked against a recorded baseline, at the end of a pytest session."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from backcheck.pytest_plugin.options import Options
from backcheck.regression.baseline import accept, comparison
from backcheck.regression.baseline.cases import Outcome, environment
from backcheck.regression.baseline.comparison import REMOVED, Difference
from backcheck.regression.baseline.lines import Baseline, Plan, lines_of, read, write
from backcheck_reports import StoreError, read_records

SHOWN = 5
NARROWING = ("keyword", "markexpr", "lf", "deselect")  # options that leave tests out


def judged(session: pytest.Session, folder: Path, options: Options) -> tuple[str, ...]:
    """What the terminal says; where the baseline is not met the session fails, whatever its tests say."""
    file, plan = options.compare, _plan(session.config, options)
    assert file is not None
    new = Baseline(plan, environment(), lines_of(read_records(folder)))
    try:
        old = read(file) if file.exists() else Baseline(plan, new.environment)
    except StoreError as error:
        _fail(session)
        return (f"baseline: {error}",)
    outcome = Outcome(new, partial=old.plan.selection != plan.selection or bool(session.testsfailed))
    found = comparison.differences(old, new.lines)
    if outcome.partial:
        found = [replace(each, fails=False) if each.category == REMOVED else each for each in found]
    left, said = _updated(file, old, found, options, outcome) if options.update else (found, [])
    if any(each.fails for each in left):
        _fail(session)
    return (*said, *_told(file, left, comparison.environments(old.environment, new.environment)))


def _plan(config: pytest.Config, options: Options) -> Plan:
    """The recipe: which tests were chosen, and who was asked."""
    narrowed = [f"{name}={config.getoption(name)}" for name in NARROWING if config.getoption(name, None)]
    places = [str(each) for each in config.args if "::" in str(each) or str(each).endswith(".py")]
    names = [Path(each.partition("::")[0]).name + each.partition("::")[1] + each.partition("::")[2] for each in places]
    asked = options.asked
    chosen = " ".join([*narrowed, *names])
    return Plan(0, asked.seed, (), asked.oracles or Plan().oracles, selection=chosen)


def _updated(
    file: Path, old: Baseline, found: list[Difference], options: Options, outcome: Outcome
) -> tuple[list[Difference], list[str]]:
    """Write what may be taken over; what is left over and what was said."""
    refused = accept.refusal(options.update, outcome)
    categories = [each for each in options.update if not (refused and each == REMOVED)]
    baseline, taken, left = accept.accepted(old, found, categories, outcome)
    write(file, baseline)
    said = [f"baseline {file.name}: {len(taken)} lines taken over", *accept.shown(taken[:2])]
    return left, [*said, *([refused] if refused else [])]


def _told(file: Path, found: list[Difference], moved: list[str]) -> Iterator[str]:
    """A few lines: how many are worse, the first of them, and what may be done."""
    failing = [each for each in found if each.fails]
    yield f"baseline {file.name}: {len(failing)} worse, {len(found) - len(failing)} changed otherwise"
    yield from (f"WORSE  {each.sentence}" for each in failing[:SHOWN])
    if len(failing) > SHOWN:
        yield f"and {len(failing) - SHOWN} more"
    if moved:
        yield f"another environment than the baseline's, and nothing is let pass for it: {'; '.join(moved[:3])}"
    if failing:
        yield "what is meant: --backcheck-update=CATEGORIES, out of new,changed,removed"


def _fail(session: pytest.Session) -> None:
    if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
