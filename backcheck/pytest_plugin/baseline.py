"""What the tests of a session have checked, compared with a recorded baseline."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from backcheck.pytest_plugin.options import Options
from backcheck.regression.baseline import acceptance, comparison
from backcheck.regression.baseline.categories import LineChange
from backcheck.regression.baseline.comparison import Difference
from backcheck.regression.baseline.file import Baseline, BaselinePlan, lines_of, read, write
from backcheck.regression.baseline.run import Outcome, environment
from backcheck_reports import StoreError, read_records

WORSE_SHOWN = 5
NARROWING = ("keyword", "markexpr", "lf", "deselect")  # options that leave tests out


def compared(session: pytest.Session, folder: Path, options: Options) -> tuple[str, ...]:
    """The lines for the terminal. A difference that fails fails the session, though all its tests pass."""
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
        found = [replace(each, fails=False) if each.category is LineChange.REMOVED else each for each in found]
    left, said = _updated(file, old, found, options, outcome) if options.update else (found, [])
    if any(each.fails for each in left):
        _fail(session)
    return (*said, *_told(file, left, comparison.environments(old.environment, new.environment)))


def _plan(config: pytest.Config, options: Options) -> BaselinePlan:
    """Which tests were chosen, from which seed they draw, and which oracles they ask."""
    narrowed = [f"{name}={config.getoption(name)}" for name in NARROWING if config.getoption(name, None)]
    places = [str(each) for each in config.args if "::" in str(each) or str(each).endswith(".py")]
    names = [Path(each.partition("::")[0]).name + each.partition("::")[1] + each.partition("::")[2] for each in places]
    asked = options.asked
    chosen = " ".join([*narrowed, *names])
    return BaselinePlan(0, asked.seed, (), asked.oracles or BaselinePlan().oracles, selection=chosen)


def _updated(
    file: Path, old: Baseline, found: list[Difference], options: Options, outcome: Outcome
) -> tuple[list[Difference], list[str]]:
    """Write what may be taken over. Returns the differences that are left, and lines for the terminal."""
    refused = acceptance.refusal(options.update, outcome)
    categories = [each for each in options.update if not (refused and each == LineChange.REMOVED)]
    baseline, taken, left = acceptance.accepted(old, found, categories, outcome)
    write(file, baseline, force=options.force)
    said = [f"baseline {file.name}: {len(taken)} lines taken over", *acceptance.shown(taken[:2])]
    return left, [*said, *([refused] if refused else [])]


def _told(file: Path, found: list[Difference], moved: list[str]) -> Iterator[str]:
    """How many lines are worse, the first of them, and what can be done."""
    failing = [each for each in found if each.fails]
    yield f"baseline {file.name}: {len(failing)} worse, {len(found) - len(failing)} changed without harm"
    yield from (f"WORSE  {each.sentence}" for each in failing[:WORSE_SHOWN])
    if len(failing) > WORSE_SHOWN:
        yield f"and {len(failing) - WORSE_SHOWN} more"
    if moved:
        yield f"another environment than the baseline's, and nothing is let pass for it: {'; '.join(moved[:3])}"
    if failing:
        yield "what is meant: --backcheck-update=CATEGORIES, out of new,changed,removed"


def _fail(session: pytest.Session) -> None:
    if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
