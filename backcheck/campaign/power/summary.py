"""What many outcomes say together: the share that was caught, how soon, and how well they were named."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from backcheck.campaign.power.runner import FaultOutcome
from backcheck_reports.number_format import counted, percent


@dataclass(frozen=True, slots=True)
class PowerSummary:
    """`networks` is how many each fault was given at most; `own` says that they were drawn of its rule alone."""

    outcomes: tuple[FaultOutcome, ...]
    networks: int
    own: bool = False

    @property
    def caught(self) -> list[FaultOutcome]:
        return [each for each in self.outcomes if each.caught]

    @property
    def survivors(self) -> list[FaultOutcome]:
        return [each for each in self.outcomes if not each.caught]

    @property
    def crashes(self) -> list[FaultOutcome]:
        return [each for each in self.outcomes if each.crash]

    @property
    def untrue(self) -> list[FaultOutcome]:
        return [each for each in self.caught if each.named and each.named.untrue]

    @property
    def soon(self) -> tuple[float, float]:
        """The median and the 95 % quantile of the networks to detection; a survivor takes more than there were."""
        needed = sorted(each.networks or 2 * self.networks for each in self.outcomes)
        return float(median(needed)), float(needed[min(len(needed) - 1, -(-95 * len(needed) // 100) - 1)])

    def named(self, right: Callable[[Any], bool]) -> int:
        """How many of those caught are named right in this respect."""
        return sum(each.named is not None and right(each.named) for each in self.caught)

    def by_kind(self) -> dict[str, list[FaultOutcome]]:
        found = defaultdict(list)
        for each in self.outcomes:
            found[each.fault.kind].append(each)
        return dict(found)


def lines(found: PowerSummary) -> list[str]:
    """At most twenty lines for a person: survivors first, in words."""
    told = [_survivor(each) for each in found.survivors[:8]]
    if len(found.survivors) > 8:
        told.append(f"and {len(found.survivors) - 8} more survive, on the page")
    total, caught = len(found.outcomes), len(found.caught)
    told.append(f"{counted(total, 'fault')} planted, {caught} caught ({percent(caught, total)})")
    if not caught:
        return told
    soon, late = found.soon
    of = "networks of its rule alone" if found.own else "networks of all rules"
    told.append(f"a fault is found within {soon:g} {of} (median), 95 % of them within {_within(late, found.networks)}")
    judged = median(each.judged for each in found.caught)
    if not found.own:
        told.append(f"of these networks those with the fault's rule can show it: the median is {judged:g}")
    told.append(_naming(found))
    if found.crashes:
        told.append(f"the run itself broke at {counted(len(found.crashes), 'fault')}: {_crash(found.crashes[0])}")
    for each in found.untrue[:3]:
        assert each.named is not None
        told.append(f"a false sentence of {each.fault.name}: {each.named.sentence}")
    return told


def _within(late: float, most: int) -> str:
    return f"more than {most}" if late > most else f"{late:g}"


def _survivor(each: FaultOutcome) -> str:
    if each.crash:
        return f"NOT CAUGHT  {each.fault.name}: {_crash(each)}"
    needs = f"; it needs {each.fault.needs}" if each.fault.needs else ""
    return f"NOT CAUGHT  {each.fault.name}: {counted(each.judged, 'network')} had its rule{needs}"


def _crash(each: FaultOutcome) -> str:
    return f"{each.fault.name} ({each.crash})"


def _naming(found: PowerSummary) -> str:
    total = len(found.caught)
    shares = [
        (found.named(lambda named: named.right_rule), "name the rule"),
        (found.named(lambda named: named.right_tensor), "the tensor"),
        (found.named(lambda named: named.right_kind), "say the kind of fault"),
    ]
    false = len(found.untrue)
    words = ", ".join(f"{percent(number, total)} {what}" for number, what in shares)
    return f"of those caught {words}; {counted(false, 'sentence')} {'is' if false == 1 else 'are'} false"


def chosen(faults: Iterable[Any], rules: Sequence[str], kinds: Sequence[str]) -> list[Any]:
    """The faults of these rules and kinds; all where none are named."""
    return [each for each in faults if (not rules or each.rule in rules) and (not kinds or each.kind in kinds)]


def one_of_each_kind(faults: Iterable[Any]) -> list[Any]:
    """The first fault of each kind."""
    return list({each.kind: each for each in reversed(list(faults))}.values())[::-1]


def as_json(found: PowerSummary) -> dict[str, Any]:
    soon, late = found.soon
    return {
        "planted": len(found.outcomes),
        "caught": len(found.caught),
        "survivors": [each.fault.name for each in found.survivors],
        "median_networks": soon,
        "networks_95": late,
        "rule_named": found.named(lambda named: named.right_rule),
        "tensor_named": found.named(lambda named: named.right_tensor),
        "kind_said": found.named(lambda named: named.right_kind),
        "false_sentences": len(found.untrue),
        "crashes": len(found.crashes),
    }
