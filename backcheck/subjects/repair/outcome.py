"""What a search tells: the files before and after, and a sentence for the edit."""

import ast
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import CodeType

from backcheck.edits.edit import Edit
from backcheck.session import asked, asking
from backcheck.subjects.repair.fix import NONE_FOUND, STOPPED, FileChange, Fix, OtherFix
from backcheck.subjects.repair.questions import Questions
from backcheck.subjects.repair.search import GRACE_SECONDS, RepairSearch
from backcheck.subjects.repair.steps import Step
from backcheck.subjects.result.check import Check
from backcheck.verdicts.parties import calm

JUDGES = ("exact",)
MOST_LETTERS, FEW_LETTERS = 70, 12
# what was wrong, by the kind of edit that makes it right
SAID = {
    "a factor put in": "a factor is missing",
    "a term put in": "a term is missing",
    "a reduction put in": "a sum, a mean or a transpose is missing",
    "a factor or term left out": "there is a factor or a term too many",
    "operands swapped": "the operands are in the wrong order",
    "sign left out": "the sign is wrong",
    "transpose left out": "a transpose is too many",
    "a factor transposed": "a transpose is missing",
    "another function": "the function is another one",
    "another axis": "the axis is another one",
    "another constant": "the number is another one",
    "another number": "the number is another one",
    "another name": "the value is another one",
    "a slope for a value": "the slope is another one",
    "another size": "the size is another one",
    "another slope": "the slope is another one",
    "changed everywhere": "a name is another one, each time",
    "another operator": "the operator is another one",
    "other arguments": "the arguments are others",
    "another expression": "the value is another one",
    "another index": "the index is another one",
    "another entry of the shape": "the size is another one",
    "len for size": "the size is another one",
    "comparison mirrored": "the mask is the other way round",
    "another comparison": "the comparison is another one",
    "arms swapped": "the arms of where are exchanged",
    "assigned otherwise": "what is added up is overwritten",
    "added otherwise": "what an index names several times is added once",
    "a copy": "memory is shared that must not be",
    "other statements": "the statements stand in the wrong order",
}


@dataclass(frozen=True, slots=True)
class Search:
    """What is to be repaired, and within which limits."""

    questions: Questions
    failure: Check
    draws: int
    seed: int
    seconds: float
    left_out: frozenset[CodeType] = frozenset()  # code that is not edited, though backward may run it
    proof_seconds: float = GRACE_SECONDS

    def run(self, skipped: frozenset[int], told: Callable[[int], None]) -> Fix:
        """What is found, but for the batches that were skipped; `told` hears of each."""
        calm()
        seconds = min(asked().seconds, self.seconds)
        with asking(replace(asked(), coverage=False, shrinks=False, oracles=JUDGES, seconds=seconds)):
            run = RepairSearch(self.questions, self.failure, self.draws, self.seed, self.seconds, told, skipped)
            run.left_out, run.proof_seconds = self.left_out, self.proof_seconds
            run.run()
            return outcome_of(run)


def outcome_of(run: RepairSearch) -> Fix:
    """The smallest repair, and those that mean something else."""
    told = {"tried": run.tried, "seconds": run.took}
    if not run.found:
        if run.part is not None:
            steps, names, cases = run.part
            return Fix(changes_of(steps), cases, part=names, **told)  # type: ignore[arg-type]
        said = NONE_FOUND if run.complete else STOPPED
        return Fix(reason=run.reason or said.format(f"{run.tried:,}", run.took), **told)  # type: ignore[arg-type]
    best = run.found[0]
    others = tuple(OtherFix(changes_of(each.steps), each.draws, each.differs) for each in run.found[1:])
    sentence = "; ".join(sentence_of(each.edit) for each in best.steps)
    return Fix(changes_of(best.steps), best.draws, sentence, others, **told)  # type: ignore[arg-type]


def changes_of(steps: Sequence[Step]) -> tuple[FileChange, ...]:
    """The files before and after all steps. The texts of several functions know nothing of each other's steps."""
    texts: dict[str, tuple[str, list[tuple[int, int, str]]]] = {}
    last = {id(step.target): step for step in steps}
    for step in steps:
        source = step.target.source
        _, parts = texts.setdefault(source.file, (source.source, []))
        if len(last) == 1:  # each step is of the text that the one before left
            parts[:] = [(source.start, source.start + len(source.text), step.edit.text)]
        else:
            parts.append((source.start + step.edit.start, source.start + step.edit.end, step.edit.new))
    found = []
    for file, (before, parts) in texts.items():
        after = before
        for start, end, new in sorted(parts, reverse=True):
            after = after[:start] + new + after[end:]
        found.append(FileChange(file, before, after))
    return tuple(found)


def sentence_of(edit: Edit) -> str:
    """What was wrong, in the user's own words: "a term is missing: `1 - y` should be `1 - y * y`"."""
    start, end = _around(edit)
    before = " ".join(edit.source[start:end].split())
    after = " ".join(edit.text[start : end + len(edit.new) - (edit.end - edit.start)].split())
    said = SAID.get(edit.operator, "it should be another one")
    if max(len(before), len(after)) > MOST_LETTERS or not (before and after):
        return said
    return f"{said}: `{before}` should be `{after}`"


def _around(edit: Edit) -> tuple[int, int]:
    """The place of the edit; of one of a few letters, of the expression in which it stands."""
    if edit.end - edit.start > FEW_LETTERS:
        return edit.start, edit.end
    lines = edit.source.splitlines(keepends=True)
    starts = [0, *itertools.accumulate(map(len, lines))]

    def at(line: int, column: int) -> int:
        return starts[line - 1] + len(lines[line - 1].encode()[:column].decode())

    spans = []
    for node in ast.walk(ast.parse(edit.source)):
        if isinstance(node, ast.BinOp | ast.Call | ast.Compare | ast.Subscript | ast.UnaryOp) and node.end_lineno:
            span = at(node.lineno, node.col_offset), at(node.end_lineno, node.end_col_offset or 0)
            if span[0] <= edit.start and edit.end <= span[1] and span != (edit.start, edit.end):
                spans.append(span)
    found = min(spans, key=lambda span: span[1] - span[0], default=(edit.start, edit.end))
    return found if found[1] - found[0] <= MOST_LETTERS else (edit.start, edit.end)
