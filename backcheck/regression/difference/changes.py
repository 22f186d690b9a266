"""The outcome of a comparison as plain data: what the table, the page, `--json` and a later reader have."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

import numpy as np

from backcheck.regression.difference.tensors import Compared, Kind

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Smallest:
    """The smallest network at which the two sides part: as text and as a case, with one entry of each side."""

    network: str
    arrays: str
    entry: str
    old: str
    new: str
    truth: str
    case: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One tensor of a rule at one dtype over its cases. Errors against the truth are None where there was none.

    `moved`: the largest change, in ulps of the tensor's largest entry; `beyond` where one run's rounding is no excuse.
    `verdicts`: how often the verdict became another, as "agree -> disagree".
    """

    rule: str
    tensor: str
    dtype: str
    kind: Kind
    cases: int
    identical: int
    rounding: int
    moved: float
    beyond: float
    old_median_ulps: float | None
    old_worst_ulps: float | None
    new_median_ulps: float | None
    new_worst_ulps: float | None
    old_digits: float | None
    new_digits: float | None
    verdicts: Mapping[str, int]
    reason: str = ""

    @property
    def different(self) -> int:
        return self.cases - self.identical - self.rounding


@dataclass(frozen=True, slots=True)
class Speed:
    """`ratio` is new / old, within `low`..`high` at the confidence of the whole table; times in microseconds."""

    rule: str
    phase: str
    size: str
    ratio: float
    low: float
    high: float
    verdict: str
    old_us: float
    new_us: float


@dataclass(frozen=True, slots=True)
class Memory:
    rule: str
    ratio: float
    old_bytes: int
    new_bytes: int


@dataclass(frozen=True, slots=True)
class Finding:
    """What changed about a rule, in one sentence. `category` is what --allow takes; `fails` whether it breaks the
    expectation."""

    rule: str
    category: str
    sentence: str
    fails: bool
    smallest: Smallest | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that `compare` found. `plan` is what was drawn, `counts` how much."""

    old: str
    new: str
    plan: Mapping[str, Any]
    counts: Mapping[str, int]
    findings: tuple[Finding, ...]
    rows: tuple[Row, ...]
    speeds: tuple[Speed, ...] = ()
    memories: tuple[Memory, ...] = ()
    notes: tuple[str, ...] = ()
    expected: str = "agree"
    seconds: float = 0.0
    commit: str = ""
    format: int = FORMAT

    @property
    def failing(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.fails)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(slots=True)
class Tally:
    """One row as it grows. `parted` keeps the places of the cases that show its worst kind."""

    cases: int = 0
    kinds: Counter[Kind] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    moved: float = 0.0
    beyond: float = 0.0
    errors: dict[str, list[float]] = field(default_factory=lambda: {"old": [], "new": []})
    relative: dict[str, float] = field(default_factory=dict)
    reasons: dict[Kind, str] = field(default_factory=dict)
    parted: dict[Kind, list[int]] = field(default_factory=dict)

    def add(self, found: Compared, case: int) -> None:
        self.cases += 1
        self.kinds[found.kind] += 1
        self.moved, self.beyond = max(self.moved, found.moved), max(self.beyond, found.beyond)
        self.parted.setdefault(found.kind, []).append(case)
        if found.reason:
            self.reasons.setdefault(found.kind, found.reason)
        if found.old != found.new:
            self.verdicts[f"{found.old} -> {found.new}"] += 1
        for side, error in (("old", found.old_error), ("new", found.new_error)):
            if np.isfinite(error.ulps):
                self.errors[side].append(error.ulps)
                self.relative[side] = max(self.relative.get(side, 0.0), error.relative)

    @property
    def kind(self) -> Kind:
        return next(kind for kind in Kind if self.kinds[kind])

    def row(self, rule: str, tensor: str, dtype: str) -> Row:
        middle, worst, digits = (
            {side: of(side) for side in ("old", "new")} for of in (self._median, self._worst, self._digits)
        )
        return Row(
            rule, tensor, dtype, self.kind, self.cases, self.kinds[Kind.SAME], self.kinds[Kind.ROUNDING],
            self.moved, self.beyond, middle["old"], worst["old"], middle["new"], worst["new"],
            digits["old"], digits["new"], dict(self.verdicts), self.reasons.get(self.kind, ""),
        )  # fmt: skip

    def _median(self, side: str) -> float | None:
        return median(self.errors[side]) if self.errors[side] else None

    def _worst(self, side: str) -> float | None:
        return max(self.errors[side], default=None)

    def _digits(self, side: str) -> float | None:
        """Decimal digits in which the answer agrees with the truth, at the worst; 20 stands for all of them."""
        if side not in self.relative:
            return None
        return round(max(0.0, float(-np.log10(max(self.relative[side], 1e-20)))), 2)
