"""What was drawn of each rule, as text: nodes, dtypes and the choices of its options."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from backcheck_reports.number_format import count

MOST_CHOICES = 12  # of one option


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a rule: its choices with how often each was drawn, and the choices that never were."""

    name: str
    drawn: tuple[tuple[str, str], ...]
    never: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """`before` and `after` are how many different rules stood there; `missing` where something was never drawn."""

    rule: str
    nodes: str
    dtypes: tuple[tuple[str, str], ...]
    before: str
    after: str
    options: tuple[Option, ...]
    missing: bool


@dataclass(frozen=True, slots=True)
class Coverage:
    """All rules of a run, and a sentence on what was never drawn; `missing` where there is something."""

    rules: tuple[CoverageRow, ...]
    sentence: str
    missing: bool


def coverage(rows: Iterable[Mapping[str, Any]]) -> Coverage | None:
    """The table of a run; None for a run that kept none."""
    rules = tuple(map(_rule_coverage, rows))
    if not rules:
        return None
    undrawn = [each.rule for each in rules if each.nodes == "0"]
    partly = sum(each.missing for each in rules) - len(undrawn)
    parts = [f"{count(len(rules) - len(undrawn))} of {count(len(rules))} rules were drawn"]
    if undrawn:
        parts.append(f"never: {', '.join(undrawn)}")
    if partly:
        parts.append(f"{count(partly)} of those drawn miss a choice of an option")
    return Coverage(rules, "; ".join(parts) + ".", any(each.missing for each in rules))


def _rule_coverage(row: Mapping[str, Any]) -> CoverageRow:
    never = {str(option): tuple(map(str, choices)) for option, choices in row["never"].items()}
    names = dict.fromkeys([*row["options"], *never])
    options = tuple(Option(str(n), _choices(row["options"].get(n, {})), never.get(str(n), ())) for n in names)
    missing = bool(never) or not row["nodes"]
    dtypes = tuple((str(dtype), count(number)) for dtype, number in row["dtypes"].items())
    return CoverageRow(
        str(row["rule"]), count(row["nodes"]), dtypes, count(row["before"]), count(row["after"]), options, missing
    )


def _choices(counts: Mapping[str, int]) -> tuple[tuple[str, str], ...]:
    """The first choices with their counts, then how many others there are: some depend on a shape, and are many."""
    listed = [(str(choice), count(number)) for choice, number in counts.items()]
    if len(listed) > MOST_CHOICES:
        listed = [*listed[:MOST_CHOICES], ("others", count(len(listed) - MOST_CHOICES))]
    return tuple(listed)
