"""The shape of a case in a file: all that is relied on when a case is made of it."""

from collections.abc import Iterator
from typing import Annotated, Any, NotRequired, TypedDict

import msgspec

from backcheck_reports.storage import schema
from backcheck_reports.storage.reader import case_lines
from backcheck_reports.storage.schema import Number
from backcheck_reports.storage.shards import ShardFile

Whole = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
Seed = Annotated[int, msgspec.Meta(ge=0)]
Classes = Annotated[int, msgspec.Meta(ge=1, le=2**62)]
Choice: Any = schema.json_of_depth(3)  # of an option: a number, a string, or lists of these


class SpecShape(TypedDict):
    """scratch_bp.network.ArraySpec"""

    shape: list[Whole]
    role: str
    classes: Classes | None
    lowest: NotRequired[int]
    domain: NotRequired[tuple[float | None, float | None] | None]


class NodeShape(TypedDict):
    """scratch_bp.network.Node"""

    name: str
    rule: str
    reads: list[str]
    config: dict[str, Choice]


class NetworkShape(TypedDict):
    """scratch_bp.network.Network"""

    arrays: dict[str, SpecShape]
    nodes: list[NodeShape]
    output: str


class RecipeShape(TypedDict):
    """backcheck.strategies.arrays.ArrayRecipe"""

    shape: list[Whole]
    profile: str
    seed: Seed
    overrides: list[tuple[Whole, Number]]
    values: list[Number] | None
    classes: Classes | None
    scale: Number
    domain: NotRequired[tuple[Number, Number] | None]
    layout: NotRequired[str]


class CaseShape(TypedDict):
    """backcheck.strategies.case.Case"""

    format: int
    network: NetworkShape
    arrays: dict[str, RecipeShape]
    cotangent: RecipeShape
    dtype: str


class CaseRowShape(TypedDict):
    """A line of a run's cases. `found` is the case before it was shrunk, and `bucket` says how one disagrees."""

    case: CaseShape
    id: NotRequired[str]
    network: NotRequired[int]
    found: NotRequired[CaseShape]
    bucket: NotRequired[tuple[str, str, str]]


def case_rows(source: ShardFile) -> Iterator[CaseRowShape]:
    """The lines of a file of cases."""
    for where, line in case_lines(source):
        row: CaseRowShape = schema.read(line, CaseRowShape, where)
        yield row
