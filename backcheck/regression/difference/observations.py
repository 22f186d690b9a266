"""What a comparison observes: both sides answer for the same nodes and networks, and every tensor is compared."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from backcheck.campaign.recipe import require_known
from backcheck.errors import BadInput
from backcheck.keys import OUTPUT, TensorKey
from backcheck.regression.difference.changes import TensorComparison
from backcheck.regression.difference.tally import Tally
from backcheck.regression.difference.tensors import Compared, Kind, compare, differ
from backcheck.regression.sides.answers import SideAnswer
from backcheck.regression.sides.draws import CommonCases, ComparisonPlan
from backcheck.regression.sides.processes import BothSides, ask_both
from backcheck_reports.record import Record

CASES_A_MESSAGE = 25
PROMISE_CHECKS_A_RULE = 6
VALUE = "value"
WHOLE_NETWORKS = "whole networks"  # in place of a rule
RowKey = tuple[str, str, str]  # rule, tensor, dtype
Kept = tuple[Mapping[str, Any], tuple[Record, ...]]  # a case and what was recorded of the new side
Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class About:
    """What one side has: its rules with their options, and the entries of its table that are no rules."""

    rules: Mapping[str, Mapping[str, str]]
    unusable: Mapping[str, str]
    engine: bool


@dataclass(slots=True)
class Observations:
    """Everything that was observed.

    broken   by rule, the promises broken on the old and on the new side
    errors   by rule and side ("old", "new" or "both"), why there is no answer, and the places of those cases
    apart    the places of the whole networks that differ
    """

    old: About
    new: About
    drawn: CommonCases
    tallies: dict[RowKey, Tally] = field(default_factory=dict)
    broken: dict[str, tuple[dict[str, str], dict[str, str]]] = field(default_factory=dict)
    errors: dict[tuple[str, str], dict[str, list[int]]] = field(default_factory=dict)
    apart: list[int] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)

    def rows(self) -> tuple[TensorComparison, ...]:
        return tuple(_row(key, self.tallies[key]) for key in sorted(self.tallies))


def _row(key: RowKey, tally: Tally) -> TensorComparison:
    old, new = tally.old, tally.new
    return TensorComparison(
        *key, tally.kind, tally.cases, tally.kinds[Kind.SAME], tally.kinds[Kind.ROUNDING], tally.moved, tally.beyond,
        old.median, old.worst, new.median, new.worst, old.digits, new.digits, dict(tally.verdicts),
        tally.reasons.get(tally.kind, ""),
    )  # fmt: skip


def observe(pair: BothSides, plan: ComparisonPlan, progress: Progress) -> Observations:
    """Draw the cases and ask both sides. Raises BadInput for a rule that neither side has."""
    old, new = (About(*about) for about in ask_both(pair, "about"))
    known = {**old.rules, **new.rules}
    if not known:
        raise BadInput("neither side has a rule that can be compared")
    require_known("rule", plan.rules, known)
    if plan.rules:
        old, new = (_narrowed(each, plan.rules) for each in (old, new))
    progress("drawing", 0, 1)
    seen = Observations(old, new, pair[1].ask("draw", plan))
    _compare_nodes(seen, pair, progress)
    _compare_networks(seen, pair)
    return seen


def _narrowed(about: About, names: tuple[str, ...]) -> About:
    return replace(about, rules={name: options for name, options in about.rules.items() if name in names})


def _compare_nodes(seen: Observations, pair: BothSides, progress: Progress) -> None:
    nodes, met = seen.drawn.nodes, Counter[str]()
    for group in _batches(list(enumerate(nodes))):
        asked = []
        for _, case in group:
            met[_rule_of(case)] += 1
            asked.append((case, met[_rule_of(case)] <= PROMISE_CHECKS_A_RULE))
        answers = ask_both(pair, "answer", asked, False)
        for (place, case), old, new in zip(group, *answers, strict=True):
            _enter(seen, place, case, old, new)
            if new.records:
                row = {"id": new.records[0].case, "network": place, "case": case}
                seen.kept.append((row, tuple(replace(record, network=place) for record in new.records)))
        progress("comparing", group[-1][0] + 1, len(nodes))


def _rule_of(case: Mapping[str, Any]) -> str:
    return str(case["network"]["nodes"][0]["rule"])


def _enter(seen: Observations, place: int, case: Mapping[str, Any], old: SideAnswer, new: SideAnswer) -> None:
    rule, dtype = _rule_of(case), str(case["dtype"])
    for side, answer in enumerate((old, new)):
        for promise, how in answer.broken.items():
            seen.broken.setdefault(rule, ({}, {}))[side].setdefault(promise, how)
    if _enter_error(seen, rule, place, old, new):
        return
    for key, compared in compared_answers(old, new, dtype):
        name = VALUE if key == OUTPUT else f"d{key}"
        seen.tallies.setdefault((rule, name, dtype), Tally()).add(compared, place)


def _enter_error(seen: Observations, rule: str, place: int, old: SideAnswer, new: SideAnswer) -> bool:
    """Does a side fail? Then that is entered."""
    if not (old.error or new.error):
        return False
    which = "both" if old.error and new.error else "old" if old.error else "new"
    seen.errors.setdefault((rule, which), {}).setdefault(new.error or old.error, []).append(place)
    return True


def answers_to(pair: BothSides, case: Mapping[str, Any], whole: bool) -> tuple[SideAnswer, SideAnswer]:
    """What both sides answer to one case; with `whole` by their own reverse passes."""
    old, new = (answers[0] for answers in ask_both(pair, "answer", [(case, False)], whole))
    return old, new


def compared_answers(old: SideAnswer, new: SideAnswer, dtype: str) -> Iterator[tuple[TensorKey, Compared]]:
    """Each tensor that both sides have, compared. Where the forwards differ, the gradients are of other functions."""
    values = old.tensors.get(OUTPUT), new.tensors.get(OUTPUT)
    same = not (values[0] and values[1] and differ(values[0], values[1]))
    for key in new.tensors:
        if key in old.tensors:
            yield key, compare(old.tensors[key], new.tensors[key], dtype, same)


def _compare_networks(seen: Observations, pair: BothSides) -> None:
    """Whole networks by each side's own reverse pass, those of which no rule by itself has changed."""
    changed = {rule for (rule, _, _), tally in seen.tallies.items() if tally.kind is not Kind.SAME}
    changed |= {rule for rule, _ in seen.errors}
    networks = [each for each in seen.drawn.networks if not changed & {n["rule"] for n in each["network"]["nodes"]}]
    for group in _batches(networks):
        answers = ask_both(pair, "raw", group)
        for case, old, new in zip(group, *answers, strict=True):
            if not _alike(old, new):
                _enter_network(seen, case, *answers_to(pair, case, whole=True))


def _batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """A few cases at a time, as many as go into one message."""
    return (items[at : at + CASES_A_MESSAGE] for at in range(0, len(items), CASES_A_MESSAGE))


def _alike(old: Any, new: Any) -> bool:
    """Identical to the bit, or no answer on either side."""
    if isinstance(old, str) or isinstance(new, str):
        return isinstance(old, str) and isinstance(new, str)
    return old.keys() == new.keys() and all(
        np.array_equal(np.asarray(old[n]), np.asarray(new[n]), equal_nan=True)
        and np.asarray(old[n]).dtype == np.asarray(new[n]).dtype
        for n in new
    )


def _enter_network(seen: Observations, case: Mapping[str, Any], old: SideAnswer, new: SideAnswer) -> None:
    place = len(seen.drawn.nodes) + len(seen.apart)
    seen.apart.append(seen.drawn.networks.index(case))
    if _enter_error(seen, WHOLE_NETWORKS, place, old, new):
        return
    found = [compared for _, compared in compared_answers(old, new, str(case["dtype"]))]
    worst = min(found, key=lambda each: list(Kind).index(each.kind))
    seen.tallies.setdefault((WHOLE_NETWORKS, "every tensor", str(case["dtype"])), Tally()).add(worst, place)


def case_at(seen: Observations, place: int) -> Mapping[str, Any]:
    """The node or network that a tally remembers by its place."""
    nodes = seen.drawn.nodes
    return nodes[place] if place < len(nodes) else seen.drawn.networks[seen.apart[place - len(nodes)]]
