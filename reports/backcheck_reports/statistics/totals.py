"""The totals of a run, and the sentences that say how much was judged and with what result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from backcheck_reports.number_format import count, counted
from backcheck_reports.record import FAULTS, Verdict
from backcheck_reports.statistics.findings import RunFinding, in_a_sentence

HEADLINE_WORDS = {
    Verdict.SHAPE: "of another shape",
    Verdict.SIDE_EFFECT: "with a side effect",
    Verdict.KINK: "at a kink",
    Verdict.CONVENTION: "by another convention",
    Verdict.IMPRECISE: "imprecise",
    Verdict.ILL_CONDITIONED: "ill-conditioned",
    Verdict.OUT_OF_RANGE: "out of range",
    Verdict.VACUOUS: "vacuous",
    Verdict.UNAVAILABLE: "unavailable",
}
FAULT_NOUNS = {Verdict.SHAPE: "wrong shape", Verdict.SIDE_EFFECT: "side effect"}


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over records. A tensor is counted once however many parties answered; a verdict is one party's.

    Totals may be added where they share no case, as two shards of one campaign.
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
    def faults(self) -> int:
        return sum(self[verdict] for verdict in FAULTS)

    @property
    def verdicts(self) -> int:
        return sum(self.counts.values())


def outcome(totals: Totals, complete: bool = True, lost: int = 0, findings: Sequence[RunFinding] = ()) -> str:
    """The result of the whole run in a few words. "All" is said only where no record is missing or `lost`.

    One bug is one finding: where there are `findings` they are named, and no verdicts are counted.
    """
    agree, disagree = totals[Verdict.AGREE], totals[Verdict.DISAGREE]
    if findings:
        words = in_a_sentence(findings)
    elif totals.faults:
        named = [f"{counted(disagree, 'verdict')} {_verb(disagree, 'disagree')}"] if disagree else []
        others = [verdict for verdict in FAULTS if verdict is not Verdict.DISAGREE and totals[verdict]]
        words = ", ".join([*named, *(counted(totals[verdict], FAULT_NOUNS[verdict]) for verdict in others)])
    elif not agree:
        words = "Nothing was shown to agree"
    elif agree == totals.verdicts and complete and not lost:
        return f"All {counted(agree, 'verdict')} agree" if agree > 1 else "The one verdict agrees"
    else:
        words = "No disagreement found"
    words = words if complete else f"{words} so far, the run is not complete"
    return f"{words}, and {counted(lost, 'record')} could not be read" if lost else words


def tone(totals: Totals, lost: int = 0) -> str:
    """The verdict whose symbol stands for the whole run: not "agree" where some records cannot be read."""
    if totals.faults:
        return "disagree"
    return "agree" if totals[Verdict.AGREE] and not lost else "unavailable"


def headline(totals: Totals) -> str:
    """One sentence with every count that is not zero. How many disagree is said even where none does."""
    if not totals.verdicts:
        return "No gradient was judged."
    tensors = counted(totals.gradients, "gradient")
    forward = f" and {counted(totals.outputs, 'forward value')}" if totals.outputs else ""
    entries = f"{count(totals.entries)} {'entry' if totals.entries == 1 else 'entries'}"
    drawn = f"{tensors}{forward} of {counted(totals.networks, 'network')}, {entries}"
    each = "each computed" if totals.gradients + totals.outputs > 1 else "computed"
    return f"{drawn}, {each} in {counted(len(totals.parties), 'way')}: {_verdicts(totals)}."


def _verdicts(totals: Totals) -> str:
    agree, disagree = totals[Verdict.AGREE], totals[Verdict.DISAGREE]
    main = f"{counted(agree, 'verdict')} {_verb(agree, 'agree')}, {count(disagree)} {_verb(disagree, 'disagree')}"
    others = [f"{count(totals[verdict])} {words}" for verdict, words in HEADLINE_WORDS.items() if totals[verdict]]
    return ", ".join([main, *others])


def _verb(number: int, verb: str) -> str:
    return f"{verb}s" if number == 1 else verb
