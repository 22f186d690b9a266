"""The note on one case, for people: what went wrong and where, the network as text, and how to see it again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backcheck_reports.record import SUBJECT, Verdict
from backcheck_reports.storage import run_shapes, schema


@dataclass(frozen=True, slots=True)
class CaseNote:
    """What the page shows of one case.

    id          the case's content hash, as in its records
    title       "layer_norm.dgamma float64"
    lines       the explanation in words, most important first
    network     a drawing of the network in text
    table       (index, got, want, allowed) for the worst entries, as text
    reproducer  a Python script that shows the fault by itself
    again       the command that replays the case
    graph       the network as data for a drawing: nodes, arrays, output, broken
    heat        the error over the wrong tensor as data for a picture: tensor, party, shape, index, block, values
    verdict     the name of the fault: "disagree", "shape" or "side effect"
    rule, tensor, party   the finding that it tells of: the rule at fault, what of it is wrong, and who disagrees
    found       the hash of the larger case in which it was found, with pictures of its own; empty where there is none
    shown       the hash of the case whose network and entries are shown, where that is a smaller one than `id`
    fix         the edit of the code that makes it right, as a diff, and what it was proved on; where it was asked for
    """

    id: str
    title: str
    lines: tuple[str, ...]
    network: str
    table: tuple[tuple[str, str, str, str], ...]
    reproducer: str
    again: str
    graph: Mapping[str, Any] | None = None
    heat: Mapping[str, Any] | None = None
    verdict: str = Verdict.DISAGREE.value
    shown: str = ""
    rule: str = ""
    tensor: str = ""
    party: str = SUBJECT
    found: str = ""
    found_network: str = ""
    found_graph: Mapping[str, Any] | None = None
    found_heat: Mapping[str, Any] | None = None
    fix: str = ""

    @property
    def at_fault(self) -> str:
        """The rule; of a note of an earlier version from its title."""
        return self.rule or self.title.split("  ")[0].rpartition(".")[0]


def read_note(text: str, where: str) -> CaseNote:
    """The note from its file."""
    return CaseNote(**schema.fields_of(schema.read(text, run_shapes.NoteFile, where)))
