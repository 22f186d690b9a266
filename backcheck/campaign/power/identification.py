"""What is said of a fault that is known: the right rule, the right tensor, the right kind, and nothing false."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from backcheck.campaign.power.fault import PlantedFault
from backcheck.campaign.power.kinds import MEANS
from backcheck.campaign.power.sentences.shown import shown_by
from backcheck.campaign.power.sentences.untrue import untrue
from backcheck.diagnosis.consensus import most_telling
from backcheck.diagnosis.locate import Finding
from backcheck.keys import OUTPUT
from backcheck.problem import SUBJECT
from backcheck.verdicts import invariants
from backcheck.verdicts.check import Checked


@dataclass(frozen=True, slots=True)
class Named:
    """What was said of a fault when it was found.

    rule, tensor   who is named
    kind           the kind of fault that is said; empty where the plain facts are told
    sentence       the first line of the explanation, or the proof
    right_rule, right_tensor, right_kind     are they the fault's own?
    untrue         the claims of the sentence that the numbers do not bear out
    """

    rule: str
    tensor: str
    kind: str
    sentence: str
    right_rule: bool
    right_tensor: bool
    right_kind: bool
    untrue: tuple[str, ...] = ()


def named(fault: PlantedFault, finds: Sequence[tuple[Finding, Checked]]) -> Named:
    """How the fault is named by the first find, and by those of the same rule: a run explains each kind of failure.

    What is said of the subject goes before what is said of a framework that parts from it.
    """
    first = next((finding for finding, _ in finds if finding.party == SUBJECT), finds[0][0])
    alike = [(f, checked.problem) for f, checked in finds if (f.party, f.rule) == (first.party, first.rule)]
    number, said = most_telling(alike)
    finding = alike[number][0]
    kind = said.fault.kind if said.fault else _plain_kind(finding, said.facts)
    tensor = "output" if finding.key == OUTPUT else finding.argument
    words = said.words or finding.sentence
    false = untrue(words.splitlines()[0], shown_by(said.wrong)) if said.words and said.wrong is not None else []
    return Named(
        finding.rule,
        tensor,
        kind,
        words.splitlines()[0] if words else "",
        finding.rule == fault.rule,
        not fault.tensors or tensor in fault.tensors,
        kind in (fault.says or MEANS[fault.kind]) if fault.kind in MEANS else bool(kind),
        tuple(false),
    )


def _plain_kind(finding: Finding, facts: str) -> str:
    """The kind of what needs no catalogue: another function, a broken promise, a wrong shape, a lost number."""
    if finding.key == OUTPUT:
        return "another-function"
    if finding.party == invariants.PARTY:
        return finding.argument
    if facts.startswith("wrong on one side of a threshold"):
        return "wrong-region"
    return "lost-number" if facts.startswith("backward computes") else ""


def of_optimiser(fault: PlantedFault, said: str) -> Named:
    """An optimiser is named by the parameters that it makes."""
    return Named(fault.rule, "parameters", "another-function", said, True, True, True)


def as_json(named: Named) -> dict[str, Any]:
    data = asdict(named)
    return {"named": data.pop("rule"), "said": data.pop("kind"), **data, "untrue": list(named.untrue)}
