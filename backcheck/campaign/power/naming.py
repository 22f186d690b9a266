"""What a finding says of a fault that is known: the right rule, the right tensor, the right kind, and nothing false."""

from dataclasses import asdict, dataclass
from typing import Any

from backcheck.campaign.power.fault import Fault
from backcheck.diagnosis.locate import Finding
from backcheck.diagnosis.sentence import account
from backcheck.keys import OUTPUT
from backcheck.verdicts.check import Checked


@dataclass(frozen=True, slots=True)
class Named:
    """What was said of a fault when it was found.

    rule, tensor   who is named
    kind           the kind of fault that is said; empty where the plain facts are told
    sentence       the first sentence of the explanation, or of the finding
    right_rule, right_tensor     are they the fault's own?
    right_kind     is a kind said, and one that the fault truly has? None where the diagnosis has no name for it
    untrue         the claims of the sentence that the numbers do not bear out
    """

    rule: str
    tensor: str
    kind: str
    sentence: str
    right_rule: bool
    right_tensor: bool
    right_kind: bool | None
    untrue: tuple[str, ...] = ()


def named(fault: Fault, finding: Finding, checked: Checked) -> Named:
    """How the fault is named by this finding."""
    said = account(finding, checked.problem)
    kind = said.fault.kind if said.fault else ""
    tensor = "output" if finding.key == OUTPUT else finding.argument
    words = said.words or finding.sentence
    return Named(
        finding.rule,
        tensor,
        kind,
        words.splitlines()[0] if words else "",
        finding.rule == fault.rule,
        not fault.tensors or tensor in fault.tensors,
        kind in fault.says if fault.says else None,
    )


def as_json(named: Named) -> dict[str, Any]:
    data = asdict(named)
    return {"named": data.pop("rule"), **data, "untrue": list(named.untrue)}
