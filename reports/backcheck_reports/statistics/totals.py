"""How much was judged and what came out, and the sentence that says so."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from backcheck_reports.number_format import count, counted
from backcheck_reports.record import Verdict

SAID = {
    Verdict.KINK: "at a kink",
    Verdict.CONVENTION: "by another convention",
    Verdict.ILL_CONDITIONED: "ill-conditioned",
    Verdict.OUT_OF_RANGE: "out of range",
    Verdict.VACUOUS: "vacuous",
    Verdict.UNAVAILABLE: "unavailable",
}


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over records. A tensor is counted once however many parties answered; a verdict is one party's.

    `+` is for runs that share no case, such as two shards of one campaign.
    """

    networks: int = 0
    gradients: int = 0
    outputs: int = 0
    entries: int = 0
    parties: frozenset[str] = frozenset()
    counts: Mapping[Verdict, int] = field(default_factory=dict)

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(
            self.networks + other.networks,
            self.gradients + other.gradients,
            self.outputs + other.outputs,
            self.entries + other.entries,
            self.parties | other.parties,
            {verdict: self[verdict] + other[verdict] for verdict in Verdict},
        )

    def __getitem__(self, verdict: Verdict) -> int:
        return self.counts.get(verdict, 0)

    @property
    def verdicts(self) -> int:
        return sum(self.counts.values())


def outcome(totals: Totals, complete: bool = True, lost: int = 0) -> str:
    """The verdict on the whole run, in a few words. Nothing is said of "all" while records are missing or `lost`."""
    agree, disagree = totals[Verdict.AGREE], totals[Verdict.DISAGREE]
    if disagree:
        said = f"{counted(disagree, 'verdict')} {_verb(disagree, 'disagree')}"
    elif not agree:
        said = "Nothing was shown to agree"
    elif agree == totals.verdicts and complete and not lost:
        return f"All {counted(agree, 'verdict')} agree" if agree > 1 else "The one verdict agrees"
    else:
        said = "No disagreement found"
    said = said if complete else f"{said} so far, the run is not complete"
    return f"{said}, and {counted(lost, 'record')} could not be read" if lost else said


def tone(totals: Totals, lost: int = 0) -> str:
    """The symbol that stands for the whole run: no sign of agreement where some of it cannot be read."""
    if totals[Verdict.DISAGREE]:
        return "disagree"
    return "agree" if totals[Verdict.AGREE] and not lost else "unavailable"


def headline(totals: Totals) -> str:
    """One sentence with every count that is not zero; how many disagree is said even when none does."""
    if not totals.verdicts:
        return "No gradient was judged."
    return f"{_what(totals)}, judged for {_parties(len(totals.parties))}: {_verdicts(totals)}."


def _what(totals: Totals) -> str:
    forward = f" and {counted(totals.outputs, 'forward value')}" if totals.outputs else ""
    entries = f"{count(totals.entries)} {'entry' if totals.entries == 1 else 'entries'}"
    tensors = counted(totals.gradients, "gradient tensor")
    return f"{tensors}{forward} of {counted(totals.networks, 'network')}, {entries}"


def _parties(number: int) -> str:
    return "1 party" if number == 1 else f"{number} parties"


def _verdicts(totals: Totals) -> str:
    agree, disagree = totals[Verdict.AGREE], totals[Verdict.DISAGREE]
    main = f"{counted(agree, 'verdict')} {_verb(agree, 'agree')}, {count(disagree)} {_verb(disagree, 'disagree')}"
    others = [f"{count(totals[verdict])} {words}" for verdict, words in SAID.items() if totals[verdict]]
    return ", ".join([main, *others])


def _verb(number: int, verb: str) -> str:
    return f"{verb}s" if number == 1 else verb
