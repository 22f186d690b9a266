"""What is expected of a modification, and which categories of change break that."""

from collections.abc import Mapping
from dataclasses import dataclass

from backcheck.errors import BadInput, unknown
from backcheck.regression.difference.tensors import Kind

TO_BE_IDENTICAL, TO_AGREE = "identical", "agree"
# every category of a finding, and whether it fails when agreement is expected; --allow takes these names
FAILS_BY_CATEGORY: Mapping[str, bool] = {
    "disagreement": True,
    "error": True,
    "digits": True,
    "function": True,
    "convention": True,
    "promise": True,
    "range": True,
    "not finite": True,
    "unsteady": True,
    "warning": True,
    "removed": True,
    "default": True,
    "unjudged": True,
    "not compared": True,
    "ulps": True,
    "slower": True,
    "memory": True,
    "beyond": False,
    "rounding": False,
    "memory order": False,
    "still wrong": False,
    "as before": False,
    "mended": False,
    "new": False,
    "faster": False,
    "less memory": False,
}
CATEGORY_OF_KIND: Mapping[Kind, str] = {
    Kind.BROKEN: "error",
    Kind.WRONG: "disagreement",
    Kind.DIGITS: "digits",
    Kind.FUNCTION: "function",
    Kind.CONVENTION: "convention",
    Kind.RANGE: "range",
    Kind.NOT_FINITE: "not finite",
    Kind.UNJUDGED: "unjudged",
    Kind.STILL_WRONG: "still wrong",
    Kind.FIXED: "mended",
    Kind.WORKS: "mended",
    Kind.BEYOND: "beyond",
    Kind.ROUNDING: "rounding",
    Kind.SAME: "as before",
}
NEVER_FAIL = ("faster", "less memory", "new", "as before")


@dataclass(frozen=True, slots=True)
class Expected:
    """`what` is "identical" or "agree". Each limit that is given must hold too. Categories in `allowed` never fail."""

    what: str = TO_AGREE
    max_ulps: float | None = None
    max_slowdown: float | None = None
    max_memory: float | None = None
    allowed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.what not in (TO_BE_IDENTICAL, TO_AGREE):
            raise BadInput(f"--expect is {TO_BE_IDENTICAL} or {TO_AGREE}, got {self.what!r}")
        for name in self.allowed:
            if name not in FAILS_BY_CATEGORY:
                raise BadInput(f"--allow: {unknown('category', name, FAILS_BY_CATEGORY)}")
        for name, limit in (("--max-slowdown", self.max_slowdown), ("--max-memory", self.max_memory)):
            if limit is not None and not limit >= 1:
                raise BadInput(f"{name} is new / old and at least 1, got {limit}")
        if self.max_ulps is not None and not self.max_ulps >= 0:
            raise BadInput(f"--max-ulps must be at least 0, got {self.max_ulps}")

    def fails(self, category: str) -> bool:
        """Does a finding of this category break the expectation? Time and memory do only where they have a limit."""
        if category in self.allowed or category in NEVER_FAIL:
            return False
        if category == "slower":
            return self.max_slowdown is not None
        if category == "memory":
            return self.max_memory is not None
        return FAILS_BY_CATEGORY[category] or self.what == TO_BE_IDENTICAL
