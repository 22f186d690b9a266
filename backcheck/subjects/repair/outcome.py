"""What a search tells: the files before and after, and a sentence for the edit."""

from collections.abc import Sequence

from backcheck.edits.edit import Edit
from backcheck.subjects.repair.fix import NONE_FOUND, STOPPED, FileChange, Fix, OtherFix
from backcheck.subjects.repair.search import RepairSearch, Step

MOST_LETTERS = 60
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
    before, after = " ".join(edit.source[edit.start : edit.end].split()), " ".join(edit.new.split())
    said = SAID.get(edit.operator, "it is another one")
    if max(len(before), len(after)) > MOST_LETTERS or not (before and after):
        return said
    return f"{said}: `{before}` should be `{after}`"
