"""Is every number, shape, index and name in a sentence true of the case beside it?

A sentence is taken apart claim by claim. What is left over must be a formula that the catalogue writes, or a number
that the case has: a size, an option, a count.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from backcheck.diagnosis.faults import Wrong
from backcheck.diagnosis.faults.norms import MISTAKES
from backcheck.diagnosis.faults.slopes import ELEMENTWISE_FUNCTIONS
from backcheck.diagnosis.faults.softmaxes import LOG_SOFTMAX, SOFTMAX
from backcheck.problem import SUBJECT
from backcheck.subjects.result.check import Check
from backcheck.verdicts.check import Checked
from backcheck_reports.record import Verdict

NUMBER = r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"
LIST = r"\[[\d, ]*\]"
PRINTED = rf"({NUMBER}|nan|-?inf)"  # one of two numbers that stand beside each other
RELATIVE = rf"(?:, relative error ({NUMBER}))?"
EVERY_FORMULA = {
    *(f.words for f in ELEMENTWISE_FUNCTIONS),
    *(m.words for f in ELEMENTWISE_FUNCTIONS for m in f.mistakes),
    *(m.words for s in (SOFTMAX, LOG_SOFTMAX) for m in s.mistakes),
    *(s.words for s in (SOFTMAX, LOG_SOFTMAX)),
    *(m.words for mistakes in MISTAKES.values() for m in mistakes),
    *("n - 1", "eps^2", "J^T", "mean x^2", "1: it is left out"),
    *(f"{name} numbers" for name in ("float16", "float32", "bfloat16")),
    *("float16", "float32", "float64", "bfloat16", "1.702"),
}
FORMULAS = sorted((words for words in EVERY_FORMULA if len(words) > 2), key=len, reverse=True)


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A case as it is printed: its arrays, options, the output's cotangent, and the wrong tensor with the truth."""

    argument: str
    arrays: Mapping[str, np.ndarray]
    config: Mapping[str, Any]
    dy: np.ndarray
    got: np.ndarray | None = None
    want: np.ndarray | None = None
    parts: int = 0
    others: tuple[str, ...] = ()

    @property
    def sizes(self) -> set[int]:
        """All that can be counted: axes, entries, rows."""
        every = [*self.arrays.values(), self.dy, *(a for a in (self.got, self.want) if a is not None)]
        found = {n for array in every for n in (*array.shape, array.size, array.ndim)}
        found |= {array.size // array.shape[-1] for array in every if array.ndim and array.shape[-1]}
        return found | {self.parts}

    @property
    def first(self) -> np.ndarray:
        return next(iter(self.arrays.values()), self.dy)

    @property
    def shape(self) -> tuple[int, ...]:
        if self.want is None or self.got is None:  # of an answer that has another shape only that is known
            return self.arrays[self.argument].shape
        return self.want.shape


Claim = tuple[str, Callable[[Shown, re.Match[str]], bool]]


def _shape(text: str) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", text))


def _near(value: float, text: str) -> bool:
    if not np.isfinite(value):
        return f"{value:g}" == text
    return bool(abs(value - float(text)) <= 6e-4 * max(abs(value), abs(float(text))) + 1e-300)


def _counted(shown: Shown, found: re.Match[str]) -> bool:
    """In all 12 entries, in the only nonzero entry."""
    count = 1 if "only" in found[0] else int(re.findall(r"\d+", found[0])[0])
    if shown.want is None or shown.got is None:
        return count in shown.sizes
    # a tensor that is known in part is NaN elsewhere; at a kink nothing is counted
    seen = np.isfinite(shown.want)
    nonzero = int(np.count_nonzero(shown.want[seen]))
    return count == nonzero if "nonzero" in found[0] else count in (shown.got.size, shown.want.size, int(seen.sum()))


def _of(shown: Shown, found: re.Match[str]) -> bool:
    """3 of 12 entries."""
    return int(found[1]) <= int(found[2]) and int(found[2]) in {int(np.prod(shown.shape)), shown.dy.size}


def _factor(shown: Shown, found: re.Match[str]) -> bool:
    """Got 0.5 x want."""
    if shown.got is None or shown.want is None or shown.got.shape != shown.want.shape:
        return True
    seen = np.isfinite(shown.want) & (shown.want != 0)  # a kink has any slope
    away = abs(shown.got - float(found[1]) * shown.want)[seen]
    return bool(np.all(away <= 1e-3 * abs(shown.want[seen]).max(initial=0.0)))


def _entry(shown: Shown, found: re.Match[str]) -> bool:
    """At [1, 2]: got 3, want 4."""
    return _differ(found[2], found[3], found[4]) and _is_entry(shown, _shape(found[1]), found[2], found[3])


def _got_at(shown: Shown, found: re.Match[str]) -> bool:
    """Got 3 at [1, 2], want 4."""
    return _differ(found[1], found[3], found[4]) and _is_entry(shown, _shape(found[2]), found[1], found[3])


def _is_entry(shown: Shown, at: tuple[int, ...], got: str, want: str) -> bool:
    if shown.got is None or shown.want is None:
        return len(at) == len(shown.shape)
    inside = len(at) == shown.got.ndim and all(i < n for i, n in zip(at, shown.got.shape, strict=True))
    return inside and _near(float(shown.got[at]), got) and _near(float(shown.want[at]), want)


def _only(shown: Shown, found: re.Match[str]) -> bool:
    if not _differ(found[1], found[2], found[3]):
        return False
    if shown.got is None or shown.want is None:
        return int(np.prod(shown.shape)) == 1
    return shown.got.size == 1 and _near(shown.got.item(), found[1]) and _near(shown.want.item(), found[2])


def _differ(got: str, want: str, relative: str | None) -> bool:
    """What was got and what is wanted are other numbers in print, and a small difference is told as such."""
    if not np.isfinite(float(want)) or float(got) == float(want):
        return False
    off = abs(float(got) - float(want)) / abs(float(want)) if float(want) else np.inf
    # the digits that are printed are one more than it takes, so of the difference itself one digit is sure
    return not off < 0.9e-3 if relative is None else abs(off - float(relative)) <= 0.5 * off


def _ratios(shown: Shown, found: re.Match[str]) -> bool:
    if shown.got is None or shown.want is None:
        return True
    with np.errstate(all="ignore"):
        ratio = (shown.got / shown.want)[np.isfinite(shown.want) & (shown.want != 0)]
    return all(bool(np.any([_near(float(r), each) for r in ratio])) for each in found.groups() if each)


def _size_by_name(shown: Shown, found: re.Match[str]) -> bool:
    """The batch is 4, the width is 3."""
    x, n = shown.first, int(found[2])
    known = {
        "the batch": {x.shape[0] if x.ndim else 1, shown.dy.shape[0] if shown.dy.ndim else 1},
        "the width": {x.shape[-1] if x.ndim else 1},
        "the number of rows": {x.size // x.shape[-1]} if x.ndim else set(),
        "the rows": {shown.dy.size // shown.dy.shape[-1]} if shown.dy.ndim else set(),
        "the output's width": {shown.dy.shape[-1]} if shown.dy.ndim else set(),
        "the number of entries": {x.size},
        "the entries": {x.size},
        "the number of outputs": {shown.dy.size},
    }
    return n in known[found[1]]


def _axis_of_input(shown: Shown, found: re.Match[str]) -> bool:
    return shown.first.shape[int(found[1])] == int(found[2])


def _axes(shown: Shown, found: re.Match[str]) -> bool:
    most = max(array.ndim for array in (*shown.arrays.values(), shown.dy))
    return all(int(axis) < most for axis in re.findall(r"\d+", found[0]))


def _slices(shown: Shown, found: re.Match[str]) -> bool:
    return int(found[1]) in shown.sizes


def _array(shown: Shown, found: re.Match[str]) -> bool:
    return found[1] in shown.arrays or found[1] in ("y", "dy", *shown.others)


def _option(shown: Shown, found: re.Match[str]) -> bool:
    return found[1] in shown.config or found[1].startswith(("the default", "eps"))


def _got_shape(shown: Shown, found: re.Match[str]) -> bool:
    misshapen = shown.got is not None and shown.got.shape != shown.shape
    same = not misshapen or (shown.got is not None and _shape(found[1]) == shown.got.shape)
    return _shape(found[2]) == shown.shape and same and _shape(found[1]) != _shape(found[2])


def _clipped(shown: Shown, found: re.Match[str]) -> bool:
    if shown.got is None or shown.want is None:
        return True
    cut = shown.got if found[1] == "got is want" else shown.want
    return _near(float(abs(cut).max()), found[2])


def _off_by(shown: Shown, found: re.Match[str]) -> bool:
    if shown.got is None or shown.want is None:
        return True
    part = float(np.nanmax(abs(shown.got - shown.want)) / np.nanmax(abs(shown.want)))
    return abs(part - float(found[1])) <= 0.06 * part


def _held(shown: Shown, found: re.Match[str]) -> bool:
    """The limit is in the code; how many values it holds is of this case."""
    return 0 < int(found[2]) <= int(found[3])


def _between(shown: Shown, found: re.Match[str]) -> bool:
    every = [array.astype(np.float64) for array in (*shown.arrays.values(), shown.dy)]
    sizes = [each for array in every for each in (array, abs(array))]
    return all(any(bool(np.any([_near(float(v), text) for v in a.flat])) for a in sizes) for text in found.groups())


def _places(shown: Shown, found: re.Match[str]) -> bool:
    """A list is a place in the tensor, an order of its slices or axes, or a shape."""
    numbers = _shape(found[0])
    place = len(numbers) == len(shown.shape) and all(i < n for i, n in zip(numbers, shown.shape, strict=True))
    order = sorted(numbers) == list(range(len(numbers))) and len(numbers) in (*shown.sizes, len(shown.shape))
    some = len(set(numbers)) == len(numbers) and any(all(i < n for i in numbers) for n in shown.shape)
    return place or order or some


COUNTS = r"the batch|the width|the number of rows|the rows|the output's width|the number of entries|the entries"
CLAIMS: tuple[Claim, ...] = (
    (rf"(?:has )?shape ({LIST}), expected ({LIST})", _got_shape),
    (rf"the only entry is wrong: got {PRINTED}, want {PRINTED}{RELATIVE}", _only),
    (rf"at ({LIST}): got {PRINTED}, want {PRINTED}{RELATIVE}", _entry),
    (rf"got {PRINTED} at ({LIST}), want {PRINTED}{RELATIVE}", _got_at),
    (r"want (?:nan|-?inf)", lambda shown, found: False),
    (rf"got / want runs from ({NUMBER}) to ({NUMBER})", _ratios),
    (rf"got / want is ({NUMBER})", _ratios),
    (rf"got ({NUMBER}) x want", _factor),
    (r"in all \d+ (?:nonzero )?entries|in the only (?:nonzero )?entry|all \d+ entries", _counted),
    (r"(\d+) of (\d+) entries", _of),
    (r"axis (\d+) of the input is (\d+)", _axis_of_input),
    (rf"({COUNTS}|the number of outputs) (?:is|over) (\d+)", _size_by_name),
    (rf"over ({COUNTS}), (\d+) of them", _size_by_name),
    (rf"(got is want|want is got) clipped to ({NUMBER})", _clipped),
    (rf"keeps a value at ({NUMBER}) or (?:above|below) \(it holds (\d+) of (\d+)\)", _held),
    (rf"and at ({NUMBER}) or (?:above|below) \(it holds (\d+) of (\d+)\)", _held),
    (rf"off by up to ({NUMBER}) of want", _off_by),
    (rf"between ({NUMBER}) and ({NUMBER})", _between),
    (r"(?:first|last) of (\d+) slices", _slices),
    (r"axes [\d, ]+ and \d+|axis \d+", _axes),
    (r"the gradient of (?!a norm|reader)(\w+)", _array),
    (r"the forward reads (\w+)", _array),
    (r"read the same entry of (\w+)", _array),
    (r"the indices (\w+)", _array),
    (r"the mask (?!is|nor|no)(\w+)", _array),
    (r"the option (\w+)", _option),
    (r"got is the gradient for (?!a |the |statistics)(\w+)", _option),
)


def _allowed(shown: Shown) -> set[float]:
    """Numbers that a sentence may have without saying of what: sizes and options, and what factors are made of."""
    sizes = {float(n) for n in shown.sizes}
    given = [value for value in shown.config.values() if isinstance(value, int | float)]
    given += [each for value in shown.config.values() if isinstance(value, tuple | list) for each in np.ravel(value)]
    plain = sizes | {float(value) for value in given}
    derived = {form for q in plain if q for form in (q, -q, 1 / q, q * q, 1 / (q * q), abs(q) ** 0.5, q - 1, 1 - q)}
    derived |= {1 / (1 - q) for q in plain if q != 1} | {-q for q in derived} | {0.0, 1.0, 2.0, -1.0, -2.0, 0.5}
    return derived


def untrue(words: str, shown: Shown) -> list[str]:
    """The claims in a sentence that are not true of the case, and its numbers that are nobody's."""
    wrong: list[str] = []
    if " raises " in words:  # the words of somebody's own exception
        return wrong
    for formula in FORMULAS:
        words = words.replace(formula, "")
    for pattern, holds in CLAIMS:
        for found in re.finditer(pattern, words):
            if not holds(shown, found):
                wrong.append(found[0])
        words = re.sub(pattern, "", words)
    for found in re.finditer(LIST, words):
        if found[0] != "[]" and not _places(shown, found):
            wrong.append(found[0])
    words = re.sub(LIST, "", words)
    return wrong + [text for text in _numbers(words) if not _is_known(text, shown)]


def _numbers(words: str) -> Iterator[str]:
    return (found[0] for found in re.finditer(rf"(?<![\w.]){NUMBER}", words))


def _is_known(text: str, shown: Shown) -> bool:
    value = float(text)
    if any(_near(known, text) for known in _allowed(shown)):
        return True
    if value == int(value) and 0 <= value <= max(shown.sizes):  # a count of some of the entries
        return True
    every = [array for array in (*shown.arrays.values(), shown.dy, shown.got, shown.want) if array is not None]
    with np.errstate(all="ignore"):
        if shown.got is not None and shown.want is not None and shown.got.shape == shown.want.shape:
            every += [shown.got - shown.want, shown.got / shown.want]
            scale = np.nanmax(abs(shown.want), initial=0.0)
            every += [abs(shown.got - shown.want) / scale] if scale else []
            every += [(shown.got - shown.want) / a for a in shown.arrays.values() if a.shape == shown.want.shape]
        if shown.got is not None and shown.dy.shape == shown.got.shape:
            every.append(shown.got / shown.dy)
    near = (np.any(abs(array.astype(np.float64) - value) <= 5e-3 * abs(value)) for array in every)
    return any(map(bool, near)) or value in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 8, 11, 24)


def shown_by(wrong: Wrong) -> Shown:
    """The case of a planted wrong gradient."""
    config = {**wrong.config}
    others = tuple(wrong.others)
    return Shown(wrong.argument, wrong.inputs, config, wrong.dy, wrong.got, wrong.want, len(wrong.parts), others)


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
        agreeing = re.fullmatch(r"(.+) agree; the outlier is (.+)", line)
        if agreeing:
            wrong += [who for who in re.split(r", | and ", agreeing[1]) if not _agrees(check, who)]
        elif line.startswith(f"in {check.name}("):
            wrong += _of_larger(check, line)
        elif "is not the derivative of its own forward by" in line:
            named = re.findall(r"\w+", line.partition("forward by ")[2].partition(":")[0])
            wrong += [name for name in named if name != "and" and name not in check.checked.problem.arrays]
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
        return any(_near(m.got, got) and _near(m.want, want) for m in measures)
    at = _shape(index)
    inside = len(at) == known.hi.ndim and all(i < n for i, n in zip(at, known.hi.shape, strict=True))
    given = inside and any(_near(float(answer[at]), got) for answer in answers)
    wanted = [known.hi, *answers]  # the value may be judged by a framework's
    return given and any(_near(float(array[at]), want) for array in wanted)


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
    party = {"the exact truth": "exact"}.get(who, who)
    measure = check.measures.get((key, party))
    if party == "exact":
        return measure is None or measure.verdict is not Verdict.UNAVAILABLE
    return measure is not None and measure.verdict is Verdict.AGREE
