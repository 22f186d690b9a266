"""The baseline's file: sorted text, one line for each rule, tensor, dtype and oracle, below the recipe and environment.

Text, so that a review shows what became of which gradient; sorted, so that a change shows as itself and nothing else.
Each line ends with a check of itself, and each rule begins with the number of its lines: what was edited by hand, lost
in a merge or taken in twice is said by its line, and is never taken for what was measured.
"""

import itertools
import json
import math
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

import msgspec

from backcheck.keys import OUTPUT
from backcheck_reference.numbers.balls import BITS
from backcheck_reports import Record, StoreError, Verdict
from backcheck_reports.number_format import counted
from backcheck_reports.record import CONTRACT, JUDGED
from backcheck_reports.storage import schema
from backcheck_reports.storage.files import reading, write_whole

FORMAT, OLDEST = 2, 1
ALL_DIGITS = 99.0  # of a tensor without any error
FIRST_WORDS = "# backcheck baseline"
SAVE_COMMAND = "backcheck baseline save"
ALL_PROMISES = "promises"  # in place of a tensor: all promises of a rule have one line together
LINE_FIELDS = ("rule", "tensor", "dtype", "oracle", "cases", "digits", "worst_ulps", "resolution", "verdicts")
MERGE_MARKERS = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")
RESTORE = "restore it as it was committed: git checkout -- {path}"

LineKey = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class BaselineLine:
    """One party's answers for one tensor of a rule at one dtype, over the cases of the recipe.

    digits       decimal digits in which the worst judged answer agrees with the truth; None where none was judged
    worst_ulps   the same error in ulps of the tensor's largest entry
    resolution   the median of the smallest relative errors that would have been caught
    """

    rule: str
    tensor: str
    dtype: str
    oracle: str
    cases: int
    digits: float | None
    worst_ulps: float | None
    resolution: float | None
    verdicts: Mapping[str, int]

    @property
    def key(self) -> LineKey:
        return self.rule, self.tensor, self.dtype, self.oracle

    @property
    def name(self) -> str:
        tensor = f".{self.tensor}" if self.tensor.startswith("d") else f" {self.tensor}"
        return f"{self.rule}{tensor} {self.dtype} {self.oracle}"

    def count(self, *verdicts: Verdict) -> int:
        return sum(self.verdicts.get(verdict.value, 0) for verdict in verdicts)

    def text(self) -> str:
        """The line in the file. Numbers are rounded: a change that nobody would act on is not to show in a review."""
        verdicts = ",".join(f"{name.replace(' ', '_')}={n}" for name, n in sorted(self.verdicts.items()))
        numbers = (_number(self.digits, ".1f"), _number(self.worst_ulps, ".3g"), _number(self.resolution, ".2g"))
        return " ".join([self.rule, self.tensor, self.dtype, self.oracle, str(self.cases), *numbers, verdicts])


@dataclass(frozen=True, slots=True)
class BaselinePlan:
    """What a baseline is made of: `cases` cases of every rule and dtype, drawn from `seed`, judged by `oracles`.

    `rules` are those that were asked for, all of the table where there are none; `known` those that were there.
    """

    cases: int = 12
    seed: int = 0
    dtypes: tuple[str, ...] = ("float64", "float32")
    oracles: tuple[str, ...] = ("torch", "jax", "differences", "exact")
    rules: tuple[str, ...] = ()
    subject: str | None = None
    known: tuple[str, ...] = ()
    selection: str = ""  # which tests were chosen, for a baseline of what tests check


_PlanShape = msgspec.defstruct(
    "_PlanShape", [(item.name, item.type, item.default) for item in fields(BaselinePlan)], forbid_unknown_fields=True
)


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the file holds. `environment` is that in which its numbers were measured; `counts` has by rule how many
    lines were written, where the file says so."""

    plan: BaselinePlan
    environment: Mapping[str, str]
    lines: Mapping[LineKey, BaselineLine] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict, compare=False)

    def text(self) -> str:
        """The whole file."""
        how = "compare with `backcheck baseline compare`, change with `backcheck baseline accept`"
        rows = [f"{FIRST_WORDS} {FORMAT}: {how}"]
        rows += [f"# recipe {json.dumps(asdict(self.plan), sort_keys=True)}"]
        rows += [f"# environment {name}: {value}" for name, value in sorted(self.environment.items())]
        rows += [" ".join((*LINE_FIELDS, "check"))]
        for rule, keys in itertools.groupby(sorted(self.lines), key=lambda key: key[0]):
            own = [_checked(self.lines[key].text()) for key in keys]
            rows += [f"# rule {rule}: {counted(len(own), 'line')}", *own]
        return "\n".join(rows) + "\n"

    def lost(self, rule: str) -> bool:
        """Are there lines of the rule that were written and are gone?"""
        there = sum(key[0] == rule for key in self.lines)
        return there < self.counts.get(rule, 0) or (not there and rule in self.plan.known)


def _check(row: str) -> str:
    return f"{zlib.crc32(row.encode()) & 0xFFFFF:05x}"


def _checked(row: str) -> str:
    return f"{row} {_check(row)}"


def write(path: Path, baseline: Baseline, *, force: bool | None = None) -> None:
    write_whole(path, baseline.text(), force=force)


def read(path: Path) -> Baseline:
    """Raises StoreError, with the line that is damaged and what to do, which is never to save again: that would lose
    what the file is kept for."""
    with reading(path):
        content = path.read_bytes()
    rows = content.decode("utf-8", "replace").splitlines()
    restore = RESTORE.format(path=path)
    _require_baseline(path, content, rows)
    said = rows[0].removeprefix(FIRST_WORDS).split(":")[0].strip()
    if not said.isdigit() or not OLDEST <= int(said) <= FORMAT:
        raise StoreError(f"{path}: format {said} came, {FORMAT} is read here; is backcheck older than the file?")
    reader = _Reader(path, int(said) >= 2)
    for number, row in enumerate(rows[1:], start=2):
        try:
            reader.take(number, row)
        except (ValueError, KeyError, TypeError) as error:
            if isinstance(error, StoreError) and str(path) in str(error):
                raise
            raise StoreError(f"{path} line {number} is damaged ({error}): {row[:200]!r}; {restore}") from error
    return reader.baseline()


def _require_baseline(path: Path, content: bytes, rows: list[str]) -> None:
    restore = RESTORE.format(path=path)
    if not content.strip():
        raise StoreError(f"{path} is empty, and a baseline was expected; {restore}")
    if b"\0" in content:
        raise StoreError(f"{path} holds bytes that are no text, and is no baseline; {restore}")
    for number, row in enumerate(rows, start=1):
        if row.startswith(MERGE_MARKERS):
            raise StoreError(
                f"{path} line {number}: a merge was not finished here ({row[:40]!r}); keep the lines of one side, as "
                "in code, and then see what is new: backcheck baseline compare"
            )
    if not rows[0].startswith(FIRST_WORDS):
        raise StoreError(
            f"{path} is no baseline: its first line must begin with {FIRST_WORDS!r}, got {rows[0][:60]!r}; "
            f"give the baseline with --file, or {restore}"
        )


class _Reader:
    """Takes a file line by line. `checks` says whether its lines end with a check of themselves."""

    def __init__(self, path: Path, checks: bool) -> None:
        self._path, self._checks, self._plan = path, checks, list[BaselinePlan]()
        self._environment, self._counts = dict[str, str](), dict[str, int]()
        self._lines, self._places = dict[LineKey, BaselineLine](), dict[LineKey, int]()

    def take(self, number: int, row: str) -> None:
        if row.startswith("# recipe "):
            self._plan.append(_plan(row.removeprefix("# recipe ")))
        elif row.startswith("# environment "):
            name, _, value = row.removeprefix("# environment ").partition(": ")
            self._environment[name] = value
        elif row.startswith("# rule "):
            name, _, count = row.removeprefix("# rule ").rpartition(": ")
            self._counts[name] = max(int(count.split()[0]), self._counts.get(name, 0))
        elif row.strip() and not row.startswith("#") and row.split()[:9] != list(LINE_FIELDS):
            self._take_line(number, row)

    def _take_line(self, number: int, row: str) -> None:
        restore = RESTORE.format(path=self._path)
        text, _, check = row.rpartition(" ") if self._checks else (row, "", "")
        if self._checks and check != _check(text):
            line = parsed(text)  # which says by itself what is damaged
            raise StoreError(f"{self._path} line {number} ({line.name}) was changed by hand; {restore}")
        line = parsed(text)
        if line.key in self._lines:
            before = self._places[line.key]
            raise StoreError(f"{self._path} lines {before} and {number} are both of {line.name}; delete one of them")
        self._lines[line.key], self._places[line.key] = line, number

    def baseline(self) -> Baseline:
        if len(self._plan) != 1:
            came = f"{len(self._plan)} lines" if self._plan else "no line"
            raise StoreError(
                f"{self._path}: one line that begins with '# recipe ' must say of what the lines are made, and {came} "
                f"came; a merge may have lost it: {RESTORE.format(path=self._path)}"
            )
        (plan,) = self._plan
        if not self._checks:  # the first format did not say which rules were there
            plan = replace(plan, known=tuple(sorted({key[0] for key in self._lines})))
        return Baseline(plan, self._environment, self._lines, self._counts)


def _plan(text: str) -> BaselinePlan:
    """A field that is not known here is refused: it would say of what the lines are made, and nobody would look."""
    found = schema.read(text, _PlanShape, "its recipe")
    return BaselinePlan(**msgspec.structs.asdict(found))


def parsed(row: str) -> BaselineLine:
    """A line of the file."""
    rule, tensor, dtype, oracle, cases, *numbers, verdicts = row.split()
    digits, ulps, resolution = (None if text == "-" else float(text) for text in numbers)
    counts = {Verdict(name.replace("_", " ")).value: int(n) for name, n in (v.split("=") for v in verdicts.split(","))}
    return BaselineLine(rule, tensor, dtype, oracle, int(cases), digits, ulps, resolution, counts)


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def lines_of(records: Iterable[Record]) -> dict[LineKey, BaselineLine]:
    """The lines of these records; those about a network as a whole and not about a rule have none."""
    groups: dict[LineKey, list[Record]] = {}
    for record in records:
        groups.setdefault(_key(record), []).append(record)
    return {key: _line(key, group) for key, group in groups.items() if key[0] != "none"}


def _digits(relative: float) -> float:
    """Decimal digits that are right at this relative error."""
    return min(ALL_DIGITS, max(0.0, -math.log10(relative))) if relative else ALL_DIGITS


def _key(record: Record) -> LineKey:
    if record.party == CONTRACT:
        return record.rule, ALL_PROMISES, record.dtype, record.party
    return record.rule, "value" if record.tensor == str(OUTPUT) else f"d{record.argument}", record.dtype, record.party


def _line(key: LineKey, group: list[Record]) -> BaselineLine:
    """One line, with the numbers rounded as in the file: a new line is compared with one that was read from it."""
    judged = [record for record in group if record.verdict in JUDGED]
    errors = (math.inf if math.isnan(record.relative) else record.relative for record in judged)
    worst = max(errors, default=None)
    resolutions = sorted(record.resolution for record in judged if math.isfinite(record.resolution))
    median = resolutions[len(resolutions) // 2] if resolutions else None
    counts = dict(Counter(record.verdict.value for record in group))
    digits = None if worst is None else _digits(worst)
    ulps = None if worst is None else worst * 2.0 ** (BITS[key[2]] - 1)
    return parsed(BaselineLine(*key, len({record.case for record in group}), digits, ulps, median, counts).text())
