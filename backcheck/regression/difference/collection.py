"""Both sides asked about the same nodes and networks, and every tensor of theirs compared."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from backcheck.errors import BadInput
from backcheck.keys import OUTPUT, TensorKey
from backcheck.regression.difference.changes import Row, Tally
from backcheck.regression.difference.tensors import Compared, Kind, compare, differ
from backcheck.regression.sides.answers import Answer
from backcheck.regression.sides.cases import Drawn, Plan
from backcheck.regression.sides.processes import Pair, both
from backcheck_reports.record import Record

BATCH = 25
SIGHTINGS = 6  # how often a rule's promises are looked at
VALUE = "value"
WHOLE = "whole networks"
Key = tuple[str, str, str]
Kept = tuple[Mapping[str, Any], tuple[Record, ...]]  # a case and what was recorded of the new side
Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class About:
    """What one side says of itself: its rules with their options, and the entries that are no rules."""

    rules: Mapping[str, Mapping[str, str]]
    unusable: Mapping[str, str]
    engine: bool


@dataclass(slots=True)
class Seen:
    """Everything collected on the way."""

    old: About
    new: About
    drawn: Drawn
    tallies: dict[Key, Tally] = field(default_factory=dict)
    broken: dict[str, tuple[dict[str, str], dict[str, str]]] = field(default_factory=dict)
    errors: dict[tuple[str, str], dict[str, list[int]]] = field(default_factory=dict)
    apart: list[int] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)

    def rows(self) -> tuple[Row, ...]:
        return tuple(self.tallies[key].row(*key) for key in sorted(self.tallies))


def look(pair: Pair, plan: Plan, progress: Progress) -> Seen:
    old, new = (About(*about) for about in both(pair, "about"))
    _known(plan.rules, old, new)
    if plan.rules:
        old, new = (_only(each, plan.rules) for each in (old, new))
    progress("drawing", 0, 1)
    seen = Seen(old, new, pair[1].ask("draw", plan))
    _compare_nodes(seen, pair, progress)
    _compare_networks(seen, pair)
    return seen


def _only(about: About, names: tuple[str, ...]) -> About:
    return replace(about, rules={name: options for name, options in about.rules.items() if name in names})


def _known(rules: Sequence[str], old: About, new: About) -> None:
    known = {**old.rules, **new.rules}
    if not known:
        raise BadInput("neither side has a rule that can be compared")
    if missing := [name for name in rules if name not in known]:
        raise BadInput(f"unknown rule {missing[0]!r}; known are {', '.join(known)}")


def _compare_nodes(seen: Seen, pair: Pair, progress: Progress) -> None:
    nodes, times = seen.drawn.nodes, dict[str, int]()
    for group in batches(list(enumerate(nodes))):
        asked = []
        for _, case in group:
            rule = rule_of(case)
            times[rule] = times.get(rule, 0) + 1
            asked.append((case, times[rule] <= SIGHTINGS))
        answers = both(pair, "answer", asked, False)
        for (place, case), old, new in zip(group, *answers, strict=True):
            _enter(seen, place, case, old, new)
            _keep(seen, place, case, new)
        progress("comparing", group[-1][0] + 1, len(nodes))


def rule_of(case: Mapping[str, Any]) -> str:
    return str(case["network"]["nodes"][0]["rule"])


def _enter(seen: Seen, place: int, case: Mapping[str, Any], old: Answer, new: Answer) -> None:
    rule, dtype = rule_of(case), str(case["dtype"])
    for side, answer in enumerate((old, new)):
        for promise, how in answer.broken.items():
            seen.broken.setdefault(rule, ({}, {}))[side].setdefault(promise, how)
    if old.error or new.error:
        which = "old" if not new.error else "new" if not old.error else "both"
        seen.errors.setdefault((rule, which), {}).setdefault(new.error or old.error, []).append(place)
        return
    for key, compared in compared_answers(old, new, dtype):
        name = VALUE if key == OUTPUT else f"d{key}"
        seen.tallies.setdefault((rule, name, dtype), Tally()).add(compared, place)


def _keep(seen: Seen, place: int, case: Mapping[str, Any], new: Answer) -> None:
    if new.records:
        row = {"id": new.records[0].case, "network": place, "case": case}
        seen.kept.append((row, tuple(replace(record, network=place) for record in new.records)))


def compared_answers(old: Answer, new: Answer, dtype: str) -> Iterator[tuple[TensorKey, Compared]]:
    """Each tensor that both sides have. Where the function is another one, so are its gradients."""
    values = old.tensors.get(OUTPUT), new.tensors.get(OUTPUT)
    same = not (values[0] and values[1] and differ(values[0], values[1]))
    for key in new.tensors:
        if key in old.tensors:
            yield key, compare(old.tensors[key], new.tensors[key], dtype, same)


def _compare_networks(seen: Seen, pair: Pair) -> None:
    """Whole networks by each side's own reverse pass. Those count whose nodes are all the same by themselves."""
    changed = {rule for (rule, _, _), tally in seen.tallies.items() if tally.kind is not Kind.SAME}
    changed |= {rule for rule, _ in seen.errors}
    networks = [case for case in seen.drawn.networks if not changed & _rules_of(case)]
    for group in batches(networks):
        answers = both(pair, "raw", group)
        parted = [case for case, old, new in zip(group, *answers, strict=True) if not _alike(old, new)]
        for case in parted:
            old, new = (answer[0] for answer in both(pair, "answer", [(case, False)], True))
            _enter_network(seen, case, old, new)


def batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """A few at a time, so that one message holds them."""
    return (items[at : at + BATCH] for at in range(0, len(items), BATCH))


def _rules_of(case: Mapping[str, Any]) -> set[str]:
    return {node["rule"] for node in case["network"]["nodes"]}


def _alike(old: Any, new: Any) -> bool:
    """To the bit, or failing in the same words; a network that neither side's reverse pass takes is no difference."""
    if isinstance(old, str) or isinstance(new, str):
        return isinstance(old, str) and isinstance(new, str)
    return old.keys() == new.keys() and all(
        np.array_equal(np.asarray(old[n]), np.asarray(new[n]), equal_nan=True)
        and np.asarray(old[n]).dtype == np.asarray(new[n]).dtype
        for n in new
    )


def _enter_network(seen: Seen, case: Mapping[str, Any], old: Answer, new: Answer) -> None:
    place = len(seen.drawn.nodes) + len(seen.apart)
    seen.apart.append(seen.drawn.networks.index(case))
    if old.error or new.error:
        which = "old" if not new.error else "new" if not old.error else "both"
        seen.errors.setdefault((WHOLE, which), {}).setdefault(new.error or old.error, []).append(place)
        return
    found = [compared for _, compared in compared_answers(old, new, str(case["dtype"]))]
    worst = min(found, key=lambda each: list(Kind).index(each.kind))
    seen.tallies.setdefault((WHOLE, "every tensor", str(case["dtype"])), Tally()).add(worst, place)


def case_at(seen: Seen, place: int) -> Mapping[str, Any]:
    """The node or network that a tally remembers by its place."""
    nodes = seen.drawn.nodes
    return nodes[place] if place < len(nodes) else seen.drawn.networks[seen.apart[place - len(nodes)]]
