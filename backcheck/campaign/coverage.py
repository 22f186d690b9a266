"""What a run has drawn of each rule: how often, with which options, in which dtypes, next to which other rules."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backcheck.campaign.shard import SHRUNK_SHARDS
from backcheck.strategies.case import Case
from backcheck.strategies.case_shape import case_rows
from backcheck.strategies.catalogue import CATALOGUE, Row, signature_of
from backcheck_reports.storage.shards import sources
from scratch_bp.network import Network
from scratch_bp.rules import RULES


@dataclass(slots=True)
class RuleCoverage:
    """How often one rule was drawn. `options` counts by option and choice, `before` and `after` by neighbour."""

    nodes: int = 0
    dtypes: Counter[str] = field(default_factory=Counter)
    options: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)


def tally(cases: Iterable[Case]) -> dict[str, RuleCoverage]:
    """The coverage of every rule of the catalogue; a rule that was never drawn has zeros."""
    found = {name: RuleCoverage() for name in CATALOGUE}
    for case in cases:
        for node in case.network.nodes:
            drawn = found.setdefault(node.rule, RuleCoverage())
            drawn.nodes += 1
            drawn.dtypes[case.dtype] += 1
            for option, choice in _options(node.rule, node.config).items():
                drawn.options[option][repr(choice)] += 1
        for first, then in neighbours(case.network):
            found[first].after[then] += 1
            found[then].before[first] += 1
    return found


def neighbours(network: Network) -> Iterator[tuple[str, str]]:
    """Each pair of rules of which the second reads an output of the first."""
    rules = {node.name: node.rule for node in network.nodes}
    for node in network.nodes:
        for name in node.reads:
            # "h.1" is the second output of the node h
            first = rules.get(name) or rules.get(name.rpartition(".")[0])
            if first is not None:
                yield first, node.rule


def _options(rule: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """All options, those at their defaults too: a network does not name these."""
    if rule not in RULES:
        return dict(config)
    defaults = signature_of(rule).defaults
    row = CATALOGUE.get(rule, Row())
    return {**{option: defaults[option] for option in row.config if option in defaults}, **config}


def never_drawn(rule: str, drawn: RuleCoverage) -> dict[str, tuple[str, ...]]:
    """The choices of each option that have not been drawn, of those that do not depend on a shape."""
    listed = {option: map(repr, choices) for option, choices in CATALOGUE[rule].config.items() if not callable(choices)}
    missed = {
        option: tuple(choice for choice in choices if choice not in drawn.options[option])
        for option, choices in listed.items()
    }
    return {option: choices for option, choices in missed.items() if choices}


def of_folder(folder: Path | str, rules: Iterable[str]) -> tuple[dict[str, Any], ...]:
    """The coverage of a run, a row for each of these rules, as it is kept with the run."""
    found = tally(_cases(Path(folder)))
    return tuple(_row(name, found[name]) for name in CATALOGUE if name in set(rules))


def _row(rule: str, drawn: RuleCoverage) -> dict[str, Any]:
    return {
        "rule": rule,
        "nodes": drawn.nodes,
        "dtypes": dict(drawn.dtypes),
        "options": {option: dict(counts.most_common()) for option, counts in drawn.options.items()},
        "never": {option: list(choices) for option, choices in never_drawn(rule, drawn).items()},
        "before": len(drawn.before),
        "after": len(drawn.after),
    }


def _cases(folder: Path) -> Iterator[Case]:
    """The cases as they were drawn, without the shrunk ones."""
    for source in sources(folder, "cases"):
        if source.whole and source.shard < SHRUNK_SHARDS:
            for row in case_rows(source):
                yield Case.from_json(row["case"])
