"""What the cases of one tensor, at one dtype, have shown so far."""

from collections import Counter
from dataclasses import dataclass, field
from math import isfinite, log10
from statistics import median

from backcheck.regression.difference.tensors import Compared, Error, Kind

ALL_DIGITS_ERROR = 1e-20  # a relative error below this counts as none


@dataclass(slots=True)
class SideErrors:
    """The errors of one side against the truth, as far as there was one."""

    ulps: list[float] = field(default_factory=list)
    relative: float = 0.0

    def add(self, error: Error) -> None:
        if isfinite(error.ulps):
            self.ulps.append(error.ulps)
            self.relative = max(self.relative, error.relative)

    @property
    def median(self) -> float | None:
        return median(self.ulps) if self.ulps else None

    @property
    def worst(self) -> float | None:
        return max(self.ulps, default=None)

    @property
    def digits(self) -> float | None:
        """Decimal digits in which the worst answer agrees with the truth."""
        return round(max(0.0, -log10(max(self.relative, ALL_DIGITS_ERROR))), 2) if self.ulps else None


@dataclass(slots=True)
class Tally:
    """`places` has, for each kind, the places of the cases that show it."""

    cases: int = 0
    kinds: Counter[Kind] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    moved: float = 0.0
    beyond: float = 0.0
    old: SideErrors = field(default_factory=SideErrors)
    new: SideErrors = field(default_factory=SideErrors)
    reasons: dict[Kind, str] = field(default_factory=dict)
    places: dict[Kind, list[int]] = field(default_factory=dict)

    def add(self, found: Compared, place: int) -> None:
        self.cases += 1
        self.kinds[found.kind] += 1
        self.moved, self.beyond = max(self.moved, found.moved), max(self.beyond, found.beyond)
        self.places.setdefault(found.kind, []).append(place)
        if found.reason:
            self.reasons.setdefault(found.kind, found.reason)
        if found.old != found.new:
            self.verdicts[f"{found.old} -> {found.new}"] += 1
        self.old.add(found.old_error)
        self.new.add(found.new_error)

    @property
    def kind(self) -> Kind:
        """The worst one that was met; where none was, the cases were the same to the bit."""
        return next((kind for kind in Kind if self.kinds[kind]), Kind.SAME)
