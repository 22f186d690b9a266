"""Where a forward is a finite number: seen from the draws, said in words, and as the line that would say it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from backcheck.subjects.arrays import is_integer
from backcheck.subjects.drawn.value_range import ValueRange

MOST_KEPT = 200  # draws on either side: a range shows in far fewer
FEW_ENTRIES = 4  # of an array that is shown whole
INF = np.inf
# the domains of the usual functions, the widest first. Their ends are left out: slopes are mostly infinite there
USUAL = ((-1, INF), (0, INF), (1, INF), (-1, 1), (0, 1))

Arrays = Mapping[str, np.ndarray]


class OutOfDomain(Exception):
    """The forward is not finite at a draw; the text says where."""


@dataclass
class Domain:
    """What the draws have shown: how many lay outside, where the first did, and the numbers of some of either kind."""

    outside: int = 0
    inside: int = 0
    where: str = ""
    finite: list[Arrays] = field(default_factory=list)
    not_finite: list[Arrays] = field(default_factory=list)

    def meet(self, arrays: Arrays, value: np.ndarray) -> None:
        """Note one draw. Raises OutOfDomain where the value is not finite."""
        floats = {name: array.astype(np.float64) for name, array in arrays.items() if not is_integer(array)}
        numbers = np.asarray(value).astype(np.float64)
        if np.isfinite(numbers).all():
            self.inside += 1
            _keep(self.finite, floats)
            return
        self.outside += 1
        _keep(self.not_finite, floats)
        self.where = self.where or place(floats, numbers)
        raise OutOfDomain(f"forward is nan or infinite{self.where and f' where {self.where}'}")

    def notes(self, lines: Mapping[str, str]) -> list[str]:
        """What a reader should know. `lines` has what was said of each array."""
        if not self.outside:
            return []
        drawn = self.outside + self.inside
        said = f"{self.outside} of {drawn} draws were out of the domain: forward is nan or infinite there"
        said += f", e.g. where {self.where}" if self.where else ""
        return [said, *([self.advice(lines)] if 2 * self.outside > drawn else [])]

    def advice(self, lines: Mapping[str, str]) -> str:
        """The line that would keep the draws inside, where the numbers show it."""
        head = "most draws are out of the domain; say it in the line of an array"
        for name, line in lines.items():
            within = self._range_of(name)
            if within is not None:
                return f'{head}, for {name} perhaps "{f"{line} {within}".strip()}"'
        return f'{head}, such as "n d >=1" or "n d in (-1, 1)", or draw the arrays by a strategy of your own'

    def _range_of(self, name: str) -> ValueRange | None:
        """The widest usual range that holds all of this array's numbers inside, and that every draw outside leaves."""
        inside = [arrays[name] for arrays in self.finite if name in arrays]
        outside = [arrays[name] for arrays in self.not_finite if name in arrays]
        if not inside or not outside:
            return None
        for low, high in USUAL:
            closed = ValueRange(low, high, low_in=True, high_in=high < INF)
            within = ValueRange(low, high)
            kept = all(closed.holds(array).all() for array in inside)
            if kept and not any(within.holds(array).all() for array in outside):
                return within
        return None


def _keep(draws: list[Arrays], arrays: Arrays) -> None:
    if len(draws) < MOST_KEPT:
        draws.append(arrays)


def place(arrays: Arrays, value: np.ndarray) -> str:
    """Where the value is not finite, by an entry of an array: "x[0, 1] = -3", or "x = [-3.0]"; empty for large ones."""
    index = tuple(map(int, np.argwhere(~np.isfinite(value))[0]))
    same = [(name, array) for name, array in arrays.items() if array.shape == value.shape and value.ndim]
    if same:
        return " and ".join(f"{name}{list(index)} = {array[index]:.4g}" for name, array in same)
    small = [(name, array) for name, array in arrays.items() if array.size <= FEW_ENTRIES]
    return " and ".join(f"{name} = {_rounded(array)}" for name, array in small)


def _rounded(array: np.ndarray) -> str:
    return str(np.vectorize(lambda number: float(f"{number:.4g}"), otypes=[float])(array).tolist())
