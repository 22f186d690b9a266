"""What a comparison observes: both sides answer for the same nodes and networks, and every tensor is compared."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from backcheck.campaign.recipe import require_known
from backcheck.errors import BadInput
from backcheck.keys import OUTPUT, TensorKey
from backcheck.regression.difference import choice
from backcheck.regression.difference.changes import TensorComparison
from backcheck.regression.difference.conduct import Conduct
from backcheck.regression.difference.shared_cases import SharedCases
from backcheck.regression.difference.tally import Tally
from backcheck.regression.difference.tensors import Compared, Kind, compare, differ
from backcheck.regression.sides.answers import UNTOUCHED, SideAnswer
from backcheck.regression.sides.draws import ComparisonPlan
from backcheck.regression.sides.processes import BothSides, ask_both, ask_each
from backcheck.regression.sides.raw_runs import VALUE, RawRun
from backcheck_reports.record import Record

PROMISE_CHECKS_A_RULE = 6
AS_GOOD = (Kind.SAME, Kind.ROUNDING, Kind.BEYOND, Kind.CONVENTION)  # what says nothing of a change of meaning
RUN_TWICE = 12  # cases of each rule: what answers otherwise each time shows in the first of them
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
    alike    by rule and dtype, the places of the cases whose bits are the same
    ran      by tensor, how many cases were run, and `identical` how many of them have the same bits
    conduct  by rule, what it does beside its answers
    """

    old: About
    new: About
    drawn: SharedCases
    tallies: dict[RowKey, Tally] = field(default_factory=dict)
    broken: dict[str, tuple[dict[str, str], dict[str, str]]] = field(default_factory=dict)
    errors: dict[tuple[str, str], dict[str, list[int]]] = field(default_factory=dict)
    apart: list[int] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    alike: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    ran: Counter[RowKey] = field(default_factory=Counter)
    identical: Counter[RowKey] = field(default_factory=Counter)
    conduct: dict[str, Conduct] = field(default_factory=dict)
    promises: Counter[str] = field(default_factory=Counter)

    def rows(self) -> tuple[TensorComparison, ...]:
        keys = sorted({*self.tallies, *self.ran})
        return tuple(_row(key, self.tallies.get(key, Tally()), self.ran[key], self.identical[key]) for key in keys)

    def rows_of_kinds(self, enough: Callable[[Kind], bool]) -> tuple[TensorComparison, ...]:
        """A row for each tensor and kind, the worst first, until there is one that is `enough` to be said."""
        found = []
        for row in self.rows():
            tally = self.tallies.get((row.rule, row.tensor, row.dtype), Tally())
            for kind in (each for each in Kind if tally.kinds[each]):
                reason, showing = tally.reasons.get(kind, ""), tally.kinds[kind]
                found.append(replace(row, kind=kind, reason=reason, showing=showing))
                if enough(kind):
                    break
        return tuple(found)


def _row(key: RowKey, tally: Tally, ran: int, same: int) -> TensorComparison:
    """The row of a tensor, of which `ran` cases were run, `same` with the same bits. Some of them were examined."""
    old, new, kinds = tally.old, tally.new, tally.kinds
    cases, same = max(ran, tally.cases), same if ran else kinds[Kind.SAME]
    # where all that were examined moved by rounding, so did the others, which moved by less
    rounding = cases - same if tally.kind is Kind.ROUNDING else kinds[Kind.ROUNDING]
    return TensorComparison(
        *key, tally.kind, cases, same, rounding, tally.moved, tally.beyond,
        old.median, old.worst, new.median, new.worst, old.digits, new.digits, dict(tally.verdicts),
        tally.reasons.get(tally.kind, ""), tally.cases, kinds[tally.kind],
    )  # fmt: skip


def observe(pair: BothSides, plan: ComparisonPlan, progress: Progress) -> Observations:
    """Draw the cases and ask both sides. Raises BadInput for a rule that neither side has."""
    old, new = (About(*about) for about in ask_both(pair, "about"))
    known = {**old.rules, **new.rules, **old.unusable, **new.unusable}
    if not known:
        raise BadInput("neither side has a rule that can be compared")
    require_known("rule", plan.rules, known)
    if plan.rules:
        old, new = (_narrowed(each, plan.rules) for each in (old, new))
    progress("drawing", 0, 1)
    shared = tuple(name for name in new.rules if name in old.rules)
    seen = Observations(old, new, SharedCases.of_both(*ask_both(pair, "draw", plan, shared)))
    _compare_nodes(seen, pair, progress)
    _compare_networks(seen, pair)
    return seen


def _narrowed(about: About, names: tuple[str, ...]) -> About:
    rules = {name: options for name, options in about.rules.items() if name in names}
    return About(rules, {name: why for name, why in about.unusable.items() if name in names}, about.engine)


def _compare_nodes(seen: Observations, pair: BothSides, progress: Progress) -> None:
    """All cases by their bits; those that differ, and some of each rule, with the truth."""
    cases, apart = seen.drawn, _run(seen, pair, progress)
    finite = [place for place in apart if not cases.heads[place].odd]
    alike = [place for same in seen.alike.values() for place in choice.of_alike(cases, same)]
    first, more = choice.of_apart(cases, pair, finite)
    _examine(seen, pair, [*alike, *first], progress)
    worst = _worst(seen)
    _examine(seen, pair, [place for place in more if worst.get(cases.heads[place].rule) in AS_GOOD], progress)
    worst = _worst(seen)
    # what numbers show already is not said once more of nan and infinity
    odd = [at for at in apart if cases.heads[at].odd and worst.get(cases.heads[at].rule, Kind.SAME) in AS_GOOD]
    _examine(seen, pair, choice.of_apart(cases, pair, odd)[0], progress)


def _run(seen: Observations, pair: BothSides, progress: Progress) -> list[int]:
    """Run every case on both sides; the places of those whose bits differ."""
    cases, apart, ran = seen.drawn, list[int](), Counter[str]()
    for group in choice.batches(range(len(cases)), choice.RUNS_A_MESSAGE):
        twice = []
        for place in group:
            ran[cases.heads[place].rule] += 1
            twice.append(ran[cases.heads[place].rule] <= RUN_TWICE)
        asked = (list(zip(each, twice, strict=True)) for each in cases.asked(pair, group))
        runs = ask_each(pair, "run", *asked)
        apart += [place for place, *both in zip(group, *runs, strict=True) if not _enter_run(seen, place, *both)]
        progress("running", group[-1] + 1, len(cases))
    return apart


def _enter_run(seen: Observations, place: int, old: RawRun, new: RawRun) -> bool:
    """Note what the two runs of a case show. Are their bits the same?"""
    rule, dtype, *_ = seen.drawn.heads[place]
    told = seen.conduct.setdefault(rule, Conduct())
    told.note(old, new)
    for side, run in enumerate((old, new)):
        if run.writes:
            seen.broken.setdefault(rule, ({}, {}))[side].setdefault(UNTOUCHED, run.writes)
    if old.error and new.error:
        seen.errors.setdefault((rule, "both"), {}).setdefault(new.error, []).append(place)
        return True
    for name in {**old.digests, **new.digests}:
        seen.ran[rule, name, dtype] += 1
        seen.identical[rule, name, dtype] += old.digests.get(name) == new.digests.get(name)
    if old.error or new.error or old.digests != new.digests:
        return False
    seen.alike.setdefault((rule, dtype), []).append(place)
    return True


def _examine(seen: Observations, pair: BothSides, places: Sequence[int], progress: Progress) -> None:
    """Ask both sides for their answers to these cases, with the truth."""
    for group in choice.batches(places):
        promised = []
        for place in group:
            rule = seen.drawn.heads[place].rule
            seen.promises[rule] += 1
            promised.append(seen.promises[rule] <= PROMISE_CHECKS_A_RULE)
        asked = (list(zip(each, promised, strict=True)) for each in seen.drawn.asked(pair, group))
        for place, old, new in zip(group, *ask_each(pair, "answer", *asked, False), strict=True):
            _enter(seen, place, old, new)
            if new.records:
                row = {"id": new.records[0].case, "network": place, "case": seen.drawn.json(pair, place)}
                seen.kept.append((row, tuple(replace(record, network=place) for record in new.records)))
        progress("comparing", len(seen.kept), max(len(places), len(seen.kept)))


def _worst(seen: Observations) -> dict[str, Kind]:
    """By rule, the worst kind of all its tensors."""
    worst: dict[str, Kind] = {}
    for (rule, _, _), tally in seen.tallies.items():
        worst[rule] = min(tally.kind, worst.get(rule, Kind.SAME), key=list(Kind).index)
    return worst


def _enter(seen: Observations, place: int, old: SideAnswer, new: SideAnswer) -> None:
    rule, dtype, *_ = seen.drawn.heads[place]
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
            yield key, compare(old.tensors[key], new.tensors[key], dtype, same, key != OUTPUT)


def _compare_networks(seen: Observations, pair: BothSides) -> None:
    """Whole networks by each side's own reverse pass, those of which no rule by itself has changed."""
    changed = {rule for (rule, _, _), tally in seen.tallies.items() if tally.kind is not Kind.SAME}
    changed |= {rule for rule, which in seen.errors if which != "both"}
    # a rule that writes into what it is given spoils what the rules beside it have kept: that is said of it already
    changed |= {rule for rule, sides in seen.broken.items() if any(UNTOUCHED in side for side in sides)}
    networks = [each for each in seen.drawn.networks if not changed & {n["rule"] for n in each["network"]["nodes"]}]
    for group in choice.batches(networks):
        answers = ask_both(pair, "raw", group)
        for case, old, new in zip(group, *answers, strict=True):
            if not _alike(old, new):
                _enter_network(seen, case, *answers_to(pair, case, whole=True))


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
    place = len(seen.drawn) + len(seen.apart)
    seen.apart.append(seen.drawn.networks.index(case))
    if _enter_error(seen, WHOLE_NETWORKS, place, old, new):
        return
    found = [compared for _, compared in compared_answers(old, new, str(case["dtype"]))]
    worst = min(found, key=lambda each: list(Kind).index(each.kind))
    seen.tallies.setdefault((WHOLE_NETWORKS, "every tensor", str(case["dtype"])), Tally()).add(worst, place)


def case_at(seen: Observations, pair: BothSides, place: int) -> Mapping[str, Any]:
    """The node or network that a tally remembers by its place."""
    own = len(seen.drawn)
    return seen.drawn.json(pair, place) if place < own else seen.drawn.networks[seen.apart[place - own]]
