"""A finding in words: from its note where there is one, else from the numbers of its simplest case."""

from collections.abc import Mapping

from backcheck_reports.number_format import got_and_want
from backcheck_reports.statistics.findings import RunFinding, whose
from backcheck_reports.storage.notes import CaseNote


def notes_on(finding: RunFinding, notes: Mapping[str, CaseNote]) -> list[CaseNote]:
    """The notes that tell of a finding, those of the part that most verdicts speak of first."""
    own = [each for each in notes.values() if (each.at_fault, whose(each.party)) == finding.key]
    counts = {part.tensor: part.count for part in finding.parts}
    return sorted(own, key=lambda note: -counts.get(note.tensor, 0))


def told(finding: RunFinding, notes: Mapping[str, CaseNote]) -> tuple[str, str]:
    """The case, and what is wrong in it in one line."""
    for note in notes_on(finding, notes):
        if note.lines:
            return note.id, note.lines[0]
    example = finding.records[0]
    numbers = got_and_want(example.got, example.want, example.index)
    return example.case, example.reason or numbers
