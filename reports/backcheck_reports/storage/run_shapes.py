"""The shape of run.json and of the pictures in a note: all that the page relies on when it draws them.

What no shape here names is left out when a file is read. A part that is `Free` is drawn as it comes, gap or no gap.
"""

from typing import Annotated, Any, NotRequired, TypedDict

import msgspec

from backcheck_reports.storage import schema
from backcheck_reports.storage.schema import Format, JsonObject, Number

Free = JsonObject
NOTHING, NO_ROWS = msgspec.Raw(b"null"), msgspec.Raw(b"[]")
Count = Annotated[int, msgspec.Meta(ge=0)]
# a line of a baseline: rule, tensor, dtype, oracle, cases, digits, ulps, resolution, verdicts
BaselineText = Annotated[str, msgspec.Meta(pattern=r"^(\S+( \S+){8})?$")]


class CoverageShape(TypedDict):
    """backcheck.campaign.coverage"""

    rule: str
    nodes: Count
    dtypes: dict[str, Count]
    options: dict[str, dict[str, Count]]
    never: dict[str, list[str]]
    before: Count
    after: Count


class SaveShape(TypedDict):
    """backcheck.regression.baseline.history"""

    commit: str
    digits: dict[str, float]
    date: NotRequired[str]
    dirty: NotRequired[bool]
    times: NotRequired[dict[str, float]]
    unit_us: NotRequired[float]
    format: NotRequired[int]


class SmallestShape(TypedDict):
    """backcheck.regression.difference.changes, as all down to Comparison but Difference"""

    network: str
    arrays: str
    entry: str
    old: str
    new: str
    truth: str
    case: NotRequired[Free]


class FindingShape(TypedDict):
    rule: NotRequired[str]
    category: NotRequired[str]
    sentence: str
    fails: bool
    smallest: NotRequired[SmallestShape | None]


class TensorShape(TypedDict):
    rule: str
    tensor: str
    dtype: str
    kind: str
    cases: Count
    identical: Count
    rounding: Count
    moved: Number
    beyond: NotRequired[Number]
    old_median_ulps: Number | None
    old_worst_ulps: Number | None
    new_median_ulps: Number | None
    new_worst_ulps: Number | None
    old_digits: Number | None
    new_digits: Number | None
    verdicts: NotRequired[dict[str, Count]]
    reason: NotRequired[str]


class TimeShape(TypedDict):
    rule: str
    phase: str
    size: str
    ratio: Number
    low: Number
    high: Number
    verdict: str
    old_us: Number
    new_us: Number


class MemoryShape(TypedDict):
    rule: str
    ratio: Number
    old_bytes: Count
    new_bytes: Count


class DifferenceShape(TypedDict):
    """backcheck.regression.output.page"""

    category: str
    fails: bool
    sentence: str
    old: BaselineText
    new: BaselineText


class ComparisonShape(TypedDict):
    old: str
    new: str
    findings: list[FindingShape]
    rows: list[TensorShape]
    speeds: list[TimeShape]
    memories: list[MemoryShape]
    notes: list[str]
    expected: str
    outcome: str
    plan: NotRequired[Free]
    counts: NotRequired[dict[str, Count]]
    seconds: NotRequired[Number]
    commit: NotRequired[str]
    format: NotRequired[int]


class AgainstBaselineShape(TypedDict):
    file: str
    lines: Count
    differences: list[DifferenceShape]
    environment: list[str]
    undrawn: dict[str, str]


class CheckShape(TypedDict):
    when: str
    step: NotRequired[int]
    verdicts: dict[str, Count]
    worst_ulps: NotRequired[Number]
    residual: NotRequired[Number]


Curve = Annotated[list[Number], msgspec.Meta(min_length=1)]  # a number for each epoch


class TrainingShape(TypedDict):
    """backcheck.campaign.training; what else it holds are facts for the page"""

    data: str
    layers: list[int]
    loss: Curve
    accuracy: Curve
    checked: list[CheckShape]


class RunFile(msgspec.Struct, kw_only=True):
    """run.json. What is `Raw` has a shape of its own here, and may have another in a newer version."""

    recipe: Free
    environment: dict[str, str]
    started: str
    format: Format
    finished: str | None = None
    training: Free | None = None
    notes: list[str] = []
    conventions: list[Free] = []
    gallery: list[Free] = []
    changes: msgspec.Raw = NOTHING
    history: msgspec.Raw = NO_ROWS
    coverage: msgspec.Raw = NO_ROWS
    never_run: list[str] = []
    steps: Free | None = None
    power: list[Free] = []
    speed: list[Free] = []
    complete: bool = False
    manifest: str = ""
    shards: Count = 0


def changes(text: bytes, where: str) -> dict[str, Any] | None:
    """What changed against another revision, or against a baseline; `differences` tells them apart."""
    if text == b"null":
        return None
    kind = (
        AgainstBaselineShape if "differences" in schema.read(text, dict[str, msgspec.Raw], where) else ComparisonShape
    )
    data: dict[str, Any] = schema.read(text, kind, where)
    return data


class GraphNodeShape(TypedDict):
    name: str
    rule: str
    reads: list[str]
    shape: NotRequired[list[int]]


class GraphArrayShape(TypedDict):
    name: str
    shape: NotRequired[list[int]]


class GraphShape(TypedDict):
    """backcheck.diagnosis.figure.graph"""

    nodes: list[GraphNodeShape]
    title: NotRequired[str]
    arrays: NotRequired[list[GraphArrayShape]]
    output: NotRequired[str]
    broken: NotRequired[str]


class HeatShape(TypedDict):
    """backcheck.diagnosis.figure.heat"""

    values: list[list[Number | None]]
    tensor: NotRequired[str]
    party: NotRequired[str]
    dtype: NotRequired[str]
    where: NotRequired[str]
    beside: NotRequired[str]
    shape: NotRequired[list[int]]
    index: NotRequired[str]
    block: NotRequired[list[int]]
    layout: NotRequired[str]


class NoteFile(msgspec.Struct, kw_only=True):
    """notes/ID.json"""

    id: str
    title: str
    lines: list[str]
    network: str
    table: list[tuple[str, str, str, str]]
    reproducer: str
    again: str
    graph: GraphShape | None = None
    heat: HeatShape | None = None
    verdict: str = "disagree"
    shown: str = ""
    rule: str = ""
    tensor: str = ""
    party: str = "numpy"
    found: str = ""
    found_network: str = ""
    found_graph: GraphShape | None = None
    found_heat: HeatShape | None = None
    fix: str = ""
