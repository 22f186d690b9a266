"""Is all that a note of a check says true of the case beside it? What a sentence claims is checked by the package."""

import re
from collections.abc import Iterator

import numpy as np

from backcheck.campaign.power.sentences.shown import LIST, PRINTED, RELATIVE, Shown, near, shape_in, shown_by
from backcheck.campaign.power.sentences.untrue import untrue
from backcheck.problem import SUBJECT
from backcheck.subjects.result.check import Check
from backcheck.verdicts.check import Checked
from backcheck_reports.party_names import PARTY_NAMES
from backcheck_reports.record import Verdict

__all__ = ["LIST", "PRINTED", "RELATIVE", "Shown", "shown_by", "shown_in", "untrue", "untrue_in", "untrue_rows"]


def shown_in(check: Check) -> Shown:
    """The case that a check prints, and the tensor of its finding."""
    problem, finding = check.checked.problem, check.finding
    assert finding is not None
    known = check.checked.truth.known.get(finding.key)
    got = check.checked.answers[SUBJECT].tensors.get(finding.key)
    arrays, config = problem.arrays, problem.network.nodes[0].config
    argument = finding.key.name if finding.key.name in arrays else next(iter(arrays))
    return Shown(argument, arrays, config, problem.dy, got, None if known is None else known.hi)


def untrue_in(check: Check) -> list[str]:
    """What is not true in all lines of the note of a check."""
    note, finding = check.note, check.finding
    assert note is not None
    assert finding is not None
    wrong: list[str] = []
    for line in _sentences(note.lines):
        agreeing = re.fullmatch(r"(.+) agree with each other; (.+) differs?", line)
        if agreeing:
            wrong += [who for who in re.split(r", | and ", agreeing[1]) if not _agrees(check, who)]
        elif line.startswith(f"in {check.name}("):
            wrong += _of_larger(check, line)
        elif "it misses the derivative of its own forward by" in line:
            named = re.findall(r"\w+", line.partition(": the gradient")[2].partition(" wrong.")[0])
            others = {"s", "of", "and", "is", "are", "more"}
            wrong += [name for name in named if name not in others and name not in check.checked.problem.arrays]
        elif (
            f"{finding.measure.fraction:.3g} times that" not in line
            and line not in check.notes
            and "the gradient by" not in line
        ):
            wrong += untrue(line, shown_in(check))
    return wrong + untrue_rows(note.table, check.checked)


def untrue_rows(table: tuple[tuple[str, str, str, str], ...], checked: Checked) -> list[str]:
    """The rows of worst entries that are not of this case, show no difference, or want what is no number."""
    return [
        f"{where}: got {got}, want {want}" for where, got, want, _ in table if not _is_row(where, got, want, checked)
    ]


def _is_row(where: str, got: str, want: str, checked: Checked) -> bool:
    if got == want or not np.isfinite(float(want)):
        return False
    name, _, index = where.partition("[")
    key = next((key for key, _ in checked.measures if str(key) == name), None)
    known = checked.truth.known.get(key) if key is not None else None
    answers = [answer.tensors[key] for answer in checked.answers.values() if key in answer.tensors]
    if known is None or not answers:  # of a second order no tensor is kept
        measures = [m for (k, _), m in checked.measures.items() if k == key]
        return any(near(m.got, got) and near(m.want, want) for m in measures)
    at = shape_in(index)
    inside = len(at) == known.hi.ndim and all(i < n for i, n in zip(at, known.hi.shape, strict=True))
    given = inside and any(near(float(answer[at]), got) for answer in answers)
    wanted = [known.hi, *answers]  # the value may be judged by a framework's
    return given and any(near(float(array[at]), want) for array in wanted)


def _sentences(lines: tuple[str, ...]) -> Iterator[str]:
    """Without the map of a small tensor."""
    return (line for line in lines if not line.startswith(("  |", "map of the error")))


def _of_larger(check: Check, line: str) -> list[str]:
    """A sentence about the larger case, which must be kept and have these very shapes."""
    other = check.told_on
    if other is None:
        return [f"no larger case is kept: {line}"]
    head, _, said = line.partition("]: ") if "->" in line else (line, "", "")
    arrays = other.checked.problem.arrays
    wrong = [
        name
        for name, array in arrays.items()
        if f"{name}{list(array.shape)}" not in head and f"{name}{list(array.shape)}" not in line
    ]
    said = line.partition(f"-> {list(other.checked.problem.dy.shape)}: ")[2]
    return wrong + ([f"the output's shape: {line}"] if not said else untrue(said, shown_in(other)))


def _agrees(check: Check, who: str) -> bool:
    assert check.finding is not None
    key = check.finding.key
    party = {"exact arithmetic": "exact", **{name: key for key, name in PARTY_NAMES.items()}}.get(who, who)
    measure = check.measures.get((key, party))
    if party == "exact":
        return measure is None or measure.verdict is not Verdict.UNAVAILABLE
    return measure is not None and measure.verdict is Verdict.AGREE
