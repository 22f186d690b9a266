"""The coverage table as the page prints it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from backcheck_reports.number_format import count


@dataclass(frozen=True, slots=True)
class Option:
    """An option, its choices with how often each was drawn, and those that never were."""

    name: str
    drawn: tuple[tuple[str, str], ...]
    never: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Covered:
    """What was drawn of one rule. `before` and `after` say how many rules stood there."""

    rule: str
    nodes: str
    dtypes: tuple[tuple[str, str], ...]
    before: str
    after: str
    options: tuple[Option, ...]
    missing: bool


@dataclass(frozen=True, slots=True)
class Coverage:
    """All rules of a run, and what it never drew, in a sentence; `missing` when there is something."""

    rules: tuple[Covered, ...]
    sentence: str
    missing: bool


SHOWN = 12  # choices of one option


def coverage(rows: Iterable[Mapping[str, Any]]) -> Coverage | None:
    """The table of a run; None for a run that kept none."""
    rules = tuple(map(_covered, rows))
    if not rules:
        return None
    undrawn = [each.rule for each in rules if each.nodes == "0"]
    partly = sum(each.missing for each in rules) - len(undrawn)
    told = [f"{count(len(rules) - len(undrawn))} of {count(len(rules))} rules were drawn"]
    told += [f"never: {', '.join(undrawn)}"] * bool(undrawn)
    told += [f"{count(partly)} of those drawn miss a choice of an option"] * bool(partly)
    return Coverage(rules, "; ".join(told) + ".", any(each.missing for each in rules))


def _covered(row: Mapping[str, Any]) -> Covered:
    never = {str(option): tuple(map(str, choices)) for option, choices in row["never"].items()}
    names = dict.fromkeys([*row["options"], *never])
    options = tuple(Option(str(n), _most(row["options"].get(n, {})), never.get(str(n), ())) for n in names)
    missing = bool(never) or not row["nodes"]
    dtypes = tuple((str(dtype), count(number)) for dtype, number in row["dtypes"].items())
    return Covered(
        str(row["rule"]), count(row["nodes"]), dtypes, count(row["before"]), count(row["after"]), options, missing
    )


def _most(counts: Mapping[str, int]) -> tuple[tuple[str, str], ...]:
    """The choices drawn most often; of the many that depend on a shape, how many more there are."""
    listed = [(str(choice), count(number)) for choice, number in counts.items()]
    more = [("others", count(len(listed) - SHOWN))] * (len(listed) > SHOWN)
    return (*listed[:SHOWN], *more)
