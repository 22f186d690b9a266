"""What may be taken over into the baseline: changes of the categories asked for, and never a disagreement."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from backcheck.errors import BadInput
from backcheck.regression.baseline.categories import LineChange
from backcheck.regression.baseline.comparison import Difference
from backcheck.regression.baseline.file import Baseline
from backcheck.regression.baseline.run import Outcome
from backcheck_reports.record import FAULTS


def require_known(categories: Sequence[str]) -> None:
    """Raises BadInput where a category is unknown, or none came."""
    unknown = [name for name in categories if name not in tuple(LineChange)]
    if unknown or not categories:
        came = repr(unknown[0]) if unknown else "none"
        raise BadInput(f"accept takes categories of change out of {', '.join(LineChange)}; got {came}")


def refusal(categories: Sequence[str], outcome: Outcome) -> str:
    """Why nothing may be removed after this run; empty when it may."""
    if LineChange.REMOVED not in categories:
        return ""
    wrong = [line.name for line in outcome.baseline.lines.values() if line.count(*FAULTS)]
    if outcome.partial:
        return "'removed' cannot be accepted after a partial run: what is missing was not looked for"
    if outcome.undrawn:
        return f"'removed' cannot be accepted: {next(iter(outcome.undrawn))} could not be drawn, and may be back"
    return f"'removed' cannot be accepted after a failing run: {wrong[0]} disagrees" if wrong else ""


def accepted(
    old: Baseline,
    found: Iterable[Difference],
    categories: Sequence[str],
    outcome: Outcome,
    meant: Callable[[Difference], bool] | None = None,
) -> tuple[Baseline, list[Difference], list[Difference]]:
    """The new baseline, the differences that were taken over into it, and those that were not. `meant` is asked of each
    whether it is."""
    lines, taken, left = dict(old.lines), list[Difference](), list[Difference]()
    # what one line of a rule disagrees with, its other lines were measured beside: none of them is taken over
    wrong = {line.rule for line in outcome.baseline.lines.values() if line.count(*FAULTS)}
    for each in found:
        if each.category not in categories or each.key[0] in wrong or not (meant is None or meant(each)):
            left.append(each)
            continue
        taken.append(each)
        if each.new is None:
            del lines[each.key]
        else:
            lines[each.key] = each.new
    # the new environment is written only when every line comes from it: else `compare` must still warn of the old one
    environment = outcome.baseline.environment if not (left or outcome.partial) else old.environment
    rules = {key[0] for key in lines}
    plan = replace(old.plan, rules=tuple(name for name in old.plan.rules if name in rules), known=tuple(sorted(rules)))
    return Baseline(plan, environment, lines), taken, left


def shown(differences: Iterable[Difference]) -> Iterator[str]:
    """The old line over the new one, as in a diff."""
    for each in differences:
        yield f"{each.category:<8} - {each.old.text() if each.old else '(none)'}"
        yield f"{'':<8} + {each.new.text() if each.new else '(none)'}"
