"""The outcome of a comparison as plain data, for the terminal, the page and `--json`."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from backcheck.regression.difference.tensors import Kind

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Smallest:
    """The smallest network at which the two sides differ: as text and as a case, with one entry of each side."""

    network: str
    arrays: str
    entry: str
    old: str
    new: str
    truth: str
    case: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TensorComparison:
    """One tensor of a rule at one dtype over its cases, of which some were examined with the truth. Errors against the
    truth are None where no truth was known.

    moved      the largest change, in ulps of the tensor's largest entry
    beyond     the same over the entries that rounding in a single run does not explain
    verdicts   how often the verdict became another, as "agree -> disagree"
    showing    how many of those that were `examined` are of this kind
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
    examined: int = 0
    showing: int = 0

    @property
    def different(self) -> int:
        return self.cases - self.identical - self.rounding


@dataclass(frozen=True, slots=True)
class TimeRatio:
    """The time of one phase of a rule, new / old, and the interval that holds the ratio; times are in microseconds."""

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
    """The peak of memory of a rule, new / old."""

    rule: str
    ratio: float
    old_bytes: int
    new_bytes: int


@dataclass(frozen=True, slots=True)
class ComparisonFinding:
    """What changed about a rule, in one sentence. `category` is one that --allow takes; with `fails` it breaks the
    expectation."""

    rule: str
    category: str
    sentence: str
    fails: bool
    smallest: Smallest | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that `compare` has found. `plan` says what was drawn, `counts` how much of it."""

    old: str
    new: str
    plan: Mapping[str, Any]
    counts: Mapping[str, int]
    findings: tuple[ComparisonFinding, ...]
    rows: tuple[TensorComparison, ...]
    speeds: tuple[TimeRatio, ...] = ()
    memories: tuple[Memory, ...] = ()
    notes: tuple[str, ...] = ()
    expected: str = "agree"
    seconds: float = 0.0
    commit: str = ""
    format: int = FORMAT

    @property
    def failing(self) -> tuple[ComparisonFinding, ...]:
        return tuple(finding for finding in self.findings if finding.fails)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
