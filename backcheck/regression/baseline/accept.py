"""Taking over what changed into the baseline, by category, and never a disagreement."""

from collections.abc import Iterable, Iterator, Sequence

from backcheck.errors import BadInput
from backcheck.regression.baseline.cases import Outcome
from backcheck.regression.baseline.comparison import CATEGORIES, REMOVED, Difference
from backcheck.regression.baseline.lines import Baseline, Key, Line
from backcheck_reports.record import Verdict


def require_known(categories: Sequence[str]) -> None:
    unknown = [name for name in categories if name not in CATEGORIES]
    if unknown or not categories:
        came = repr(unknown[0]) if unknown else "none"
        raise BadInput(f"accept takes categories of change out of {', '.join(CATEGORIES)}; got {came}")


def refusal(categories: Sequence[str], outcome: Outcome) -> str:
    """Why nothing may be removed after this run; empty when it may."""
    if REMOVED not in categories:
        return ""
    wrong = [line.name for line in outcome.baseline.lines.values() if line.count(Verdict.DISAGREE)]
    if outcome.partial:
        return "'removed' cannot be accepted after a partial run: what is missing was not looked for"
    if outcome.undrawn:
        return f"'removed' cannot be accepted: {next(iter(outcome.undrawn))} could not be drawn, and may be back"
    return f"'removed' cannot be accepted after a failing run: {wrong[0]} disagrees" if wrong else ""


def accepted(
    old: Baseline, found: Iterable[Difference], categories: Sequence[str], outcome: Outcome
) -> tuple[Baseline, list[Difference], list[Difference]]:
    """The baseline with the changes of these categories, those that were taken over and those that were not."""
    lines, taken, left = dict(old.lines), list[Difference](), list[Difference]()
    for each in found:
        may = each.category in categories and not (each.new and each.new.count(Verdict.DISAGREE))
        (taken if may else left).append(each)
        if may:
            _enter(lines, each.key, each.new)
    # the environment is that of the numbers: with lines of two of them the old one stays, and compare goes on to warn
    environment = outcome.baseline.environment if not (left or outcome.partial) else old.environment
    return Baseline(old.plan, environment, lines), taken, left


def _enter(lines: dict[Key, Line], key: Key, line: Line | None) -> None:
    if line is None:
        del lines[key]
    else:
        lines[key] = line


def shown(differences: Iterable[Difference]) -> Iterator[str]:
    """Old -> new, line under line."""
    for each in differences:
        yield f"{each.category:<8} - {each.old.text() if each.old else '(none)'}"
        yield f"{'':<8} + {each.new.text() if each.new else '(none)'}"
