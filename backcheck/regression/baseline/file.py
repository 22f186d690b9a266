"""The baseline's file: sorted text, one line for each rule, tensor, dtype and oracle, below the recipe and environment.

Text, so that a review shows what became of which gradient; sorted, so that a change shows as itself and nothing else.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import msgspec

from backcheck.keys import OUTPUT
from backcheck_reference.numbers.balls import BITS
from backcheck_reports import Record, StoreError, Verdict
from backcheck_reports.record import CONTRACT, JUDGED
from backcheck_reports.storage import schema
from backcheck_reports.storage.files import reading, write_whole

FORMAT = 1
ALL_DIGITS = 99.0  # of a tensor without any error
FIRST_WORDS = "# backcheck baseline"
SAVE_COMMAND = "backcheck baseline save"
ALL_PROMISES = "promises"  # in place of a tensor: all promises of a rule have one line together
LINE_FIELDS = ("rule", "tensor", "dtype", "oracle", "cases", "digits", "worst_ulps", "resolution", "verdicts")

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
    """What a baseline is made of: `cases` cases of every rule and dtype, drawn from `seed`, judged by `oracles`."""

    cases: int = 12
    seed: int = 0
    dtypes: tuple[str, ...] = ("float64", "float32")
    oracles: tuple[str, ...] = ("torch", "jax", "differences", "exact")
    rules: tuple[str, ...] = ()
    subject: str | None = None
    selection: str = ""  # which tests were chosen, for a baseline of what tests check


_PlanShape = msgspec.defstruct(
    "_PlanShape", [(item.name, item.type, item.default) for item in fields(BaselinePlan)], forbid_unknown_fields=True
)


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the file holds. `environment` is that in which its numbers were measured."""

    plan: BaselinePlan
    environment: Mapping[str, str]
    lines: Mapping[LineKey, BaselineLine] = field(default_factory=dict)

    def text(self) -> str:
        """The whole file."""
        how = "compare with `backcheck baseline compare`, change with `backcheck baseline accept`"
        rows = [f"{FIRST_WORDS} {FORMAT}: {how}"]
        rows += [f"# recipe {json.dumps(asdict(self.plan), sort_keys=True)}"]
        rows += [f"# environment {name}: {value}" for name, value in sorted(self.environment.items())]
        rows += [" ".join(LINE_FIELDS)]
        return "\n".join([*rows, *(self.lines[key].text() for key in sorted(self.lines))]) + "\n"


def write(path: Path, baseline: Baseline, *, force: bool | None = None) -> None:
    write_whole(path, baseline.text(), force=force)


def read(path: Path) -> Baseline:
    """Raises StoreError, with the line that is damaged."""
    with reading(path):
        rows = path.read_text(encoding="utf-8", errors="replace").splitlines()
    if not rows or not rows[0].startswith(FIRST_WORDS):
        raise StoreError(
            f"{path} is no baseline: its first line must begin with {FIRST_WORDS!r}; make one with: {SAVE_COMMAND}"
        )
    said = rows[0].removeprefix(FIRST_WORDS).split(":")[0].strip()
    if said != str(FORMAT):
        raise StoreError(f"{path}: format {said} came, {FORMAT} is read here; is backcheck older than the file?")
    plan, environment, lines = BaselinePlan(), dict[str, str](), dict[LineKey, BaselineLine]()
    for number, row in enumerate(rows[1:], start=2):
        try:
            if row.startswith("# recipe "):
                plan = _plan(row.removeprefix("# recipe "))
            elif row.startswith("# environment "):
                name, _, value = row.removeprefix("# environment ").partition(": ")
                environment[name] = value
            elif row.strip() and not row.startswith("#") and row.split() != list(LINE_FIELDS):
                line = parsed(row)
                lines[line.key] = line
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"{path} line {number} is damaged ({error}): {row!r}; restore it, or {SAVE_COMMAND}"
            ) from error
    return Baseline(plan, environment, lines)


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
