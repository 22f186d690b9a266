"""One bug is one finding: a rule at fault, with all verdicts of the run that follow from it.

A wrong rule makes the gradients of every rule before it wrong. Its own code is wrong in one place, and most often in
several of its gradients at once. So the verdicts are grouped by the rule at fault: the rule, and whose it is, are the
finding, and what of the rule is wrong (a gradient, the value, a promise) stands under it, part by part.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from backcheck_reports.number_format import counted
from backcheck_reports.party_names import party_name
from backcheck_reports.record import CONTRACT, EXACT, FAULTS, FORWARD, OUTPUT, REVERSE_PASS, SUBJECT, Record, Verdict
from backcheck_reports.statistics.example_records import SimplestDisagreements

NAMED = 6  # rules in one sentence
MINE = (SUBJECT, EXACT, CONTRACT)  # parties that speak of the subject: exact arithmetic runs the subject's own rule
RAISES = "raises"  # in the place of a promise, where the code that is asked to keep it raises
BROKEN = {
    RAISES: "it raises",
    "untouched": "it writes into what it was given",
    "again": "a second call gives another answer",
    "linear": "backward is not linear in dy",
    "form": "a gradient has another form than its array",
    "aliases": "what it returns shares memory",
}
FindingKey = tuple[str, str]  # the rule at fault, and whose it is


@dataclass(frozen=True, slots=True)
class FaultPart:
    """What of the rule is wrong: `tensor` is an argument, FORWARD, or a promise. `count` verdicts say so."""

    tensor: str
    verdict: Verdict
    promise: bool
    count: int


@dataclass(frozen=True, slots=True)
class RunFinding:
    """One rule at fault.

    party      whose rule: the subject's, or a framework's
    parts      what of it is wrong
    verdicts   how many follow from it, `gradients` of how many tensors, in how many `networks`
    elsewhere  of these gradients, those of other rules, which are right themselves, in `elsewhere_networks`
    records    the simplest verdicts of it
    """

    rule: str
    party: str
    parts: tuple[FaultPart, ...]
    verdicts: int
    gradients: int
    networks: int
    elsewhere: int
    elsewhere_networks: int
    records: tuple[Record, ...]

    @property
    def key(self) -> FindingKey:
        return self.rule, self.party

    @property
    def name(self) -> str:
        """The rule, and whose it is where it is not the subject's."""
        return _name(self.rule, self.party)

    @property
    def only_effects(self) -> bool:
        """Is every number right, and a side effect all that there is?"""
        return all(each.verdict is Verdict.SIDE_EFFECT for each in self.parts)

    @property
    def what(self) -> str:
        """What is wrong, in words: "the gradients of x and gamma are wrong"."""
        gradients = [each.tensor for each in self.parts if not each.promise and each.tensor != FORWARD]
        wrong = [name for name in gradients if not name.startswith("H.")]
        said = [_wrong("gradient", wrong)] if wrong else []
        if any(each.tensor == FORWARD for each in self.parts):
            said.insert(0, "the forward value is wrong")
        if second := [name.removeprefix("H.") for name in gradients if name.startswith("H.")]:
            said.append(_wrong("second derivative", second))
        broken = [each.tensor for each in self.parts if each.promise]
        said += [BROKEN.get(promise, f"it breaks the promise: {promise}") for promise in broken]
        return "; ".join(said)

    @property
    def also(self) -> str:
        """Where else it shows: "also shows in 14 gradients of 6 networks". Empty where it shows in its own only."""
        if not self.elsewhere:
            return ""
        gradients, networks = counted(self.elsewhere, "gradient"), counted(self.elsewhere_networks, "network")
        return f"also shows in {gradients} of {networks}, of rules that are right"


def gradients_wrong(names: Sequence[str]) -> str:
    """ "the gradient of x is wrong", "the gradients of x and w are wrong"."""
    return _wrong("gradient", names)


def _wrong(what: str, names: Sequence[str]) -> str:
    return f"the {what} of {names[0]} is wrong" if len(names) == 1 else f"the {what}s of {_listed(names)} are wrong"


def _listed(names: Sequence[str], most: int = NAMED) -> str:
    shown, left = list(names[:most]), len(names) - most
    if left > 0:
        return f"{', '.join(shown)} and {left} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def at_fault(record: Record) -> tuple[str, str]:
    """The rule that a verdict is counted under, and what of it: of a fault, that from which it follows."""
    if record.fault_rule:
        return record.fault_rule, record.fault_tensor
    if record.tensor == OUTPUT and record.party != CONTRACT:
        return FORWARD, record.argument
    return record.rule, record.argument


def finding_name(record: Record) -> str:
    """The finding that a fault follows from; empty for any other verdict."""
    return _name(at_fault(record)[0], whose(record.party)) if record.verdict in FAULTS else ""


def _name(rule: str, party: str) -> str:
    return rule if party == SUBJECT else f"{rule} of {party_name(party)}"


def is_behind(record: Record) -> bool:
    """Is the verdict a fault of another rule, behind this one?"""
    return bool(record.fault_rule) and (record.fault_rule != record.rule or record.tensor == OUTPUT)


def in_a_sentence(findings: Sequence[RunFinding], noun: str = "rule") -> str:
    """ "3 rules are wrong: dense, layer_norm, silu". Frameworks that are wrong are named after them."""
    own = [each for each in findings if each.party == SUBJECT]
    rules = [each for each in own if each.rule not in (FORWARD, REVERSE_PASS)]
    wrong = [each.rule for each in rules if not each.only_effects]
    writing = [each.rule for each in rules if each.only_effects]
    said = []
    if wrong:
        said.append(f"{counted(len(wrong), noun)} {'is' if len(wrong) == 1 else 'are'} wrong: {_names(wrong)}")
    said += [f"the {each.rule} is wrong" for each in own if each not in rules]
    if writing:
        verb = "has" if len(writing) == 1 else "have"
        said.append(f"{counted(len(writing), noun)} {verb} a side effect: {_names(writing)}")
    for party in dict.fromkeys(each.party for each in findings if each.party != SUBJECT):
        said.append(
            f"{party_name(party)} is wrong in {_names([each.rule for each in findings if each.party == party])}"
        )
    return "; ".join(said)[:1].upper() + "; ".join(said)[1:]


def _names(names: Sequence[str]) -> str:
    shown, left = names[:NAMED], len(names) - NAMED
    return f"{', '.join(shown)} and {left} more" if left > 0 else ", ".join(shown)


@dataclass(slots=True)
class FindingTally:
    """What is counted of one finding, record by record."""

    number: int
    parts: dict[tuple[str, bool], list[Verdict]] = field(default_factory=dict)
    counts: dict[tuple[str, bool], int] = field(default_factory=dict)
    gradients: int = 0
    networks: int = 0
    elsewhere: int = 0
    elsewhere_networks: int = 0
    simplest: SimplestDisagreements = field(default_factory=SimplestDisagreements)

    def add(self, record: Record, counted_in: set[str | int], kinds: int) -> None:
        """`counted_in` has what was counted for the case already, of which a mark of this finding's is a part."""
        promise = record.party == CONTRACT
        tensor = FORWARD if record.tensor == OUTPUT and not promise else at_fault(record)[1]
        part = RAISES if promise and record.reason.startswith("raises ") else tensor, promise
        self.parts.setdefault(part, [record.verdict])
        self.counts[part] = self.counts.get(part, 0) + 1
        self.simplest.add(record, kinds)
        case, gradient = f"\0{self.number}", f"\0{self.number}\0{record.tensor}"
        if case not in counted_in:
            counted_in.add(case)
            self.networks += 1
        if record.party != CONTRACT and gradient not in counted_in:
            counted_in.add(gradient)
            self.gradients += 1
            if is_behind(record) and record.tensor != OUTPUT:
                self.elsewhere += 1
                self.elsewhere_networks += f"{case}\0" not in counted_in
                counted_in.add(f"{case}\0")

    def finding(self, rule: str, party: str) -> RunFinding:
        parts = [
            FaultPart(tensor, verdicts[0], promise, self.counts[tensor, promise])
            for (tensor, promise), verdicts in self.parts.items()
        ]
        parts.sort(key=lambda part: (part.promise, part.tensor))
        records = tuple(self.simplest.simplest())
        total = sum(self.counts.values())
        counts = (self.gradients, self.networks, self.elsewhere, self.elsewhere_networks)
        return RunFinding(rule, party, tuple(parts), total, *counts, records)


def whose(party: str) -> str:
    """The party whose rule is at fault. Exact arithmetic and the promises are judges of the subject's."""
    return SUBJECT if party in MINE else party


def ordered(findings: Iterable[RunFinding]) -> tuple[RunFinding, ...]:
    """The subject's first, by name; then those of the frameworks."""
    return tuple(sorted(findings, key=lambda each: (each.party != SUBJECT, each.party, each.rule)))
