"""In how many of the drawn cases the subject was imprecise, and by which numbers those differ from the others."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from backcheck.problem import SUBJECT
from backcheck.subjects.arrays import is_integer
from backcheck.subjects.result.check import Check
from backcheck_reports.number_format import got_and_want
from backcheck_reports.record import Verdict

TENTH = 10  # the part of the draws from which on it is the headline
WIDE = 3  # entries of an axis, below which a norm of its rows is nearly constant
FEW = 3  # draws that are not imprecise, without which numbers tell them from others by chance
JUDGED = (Verdict.AGREE, Verdict.KINK, Verdict.CONVENTION, Verdict.IMPRECISE, Verdict.DISAGREE)

Sizes = dict[str, tuple[float, float]]  # the least and the largest magnitude of each array


@dataclass(frozen=True, slots=True)
class Draw:
    """One drawn case that was judged. `example` is kept of an imprecise one.

    `wide` is one without an axis of 1 or 2 entries. On those a norm or a softmax is constant but for its epsilon: the
    true gradient is next to nothing, and any formula loses the digits of that.
    """

    sizes: Sizes
    wide: bool
    example: Check | None = None


@dataclass(frozen=True, slots=True)
class ShareOfDraws:
    """`imprecise` of `judged` draws; `where` says what their numbers have in common, if that can be told.

    `imprecise_wide` and `wide` are the same of those without an axis of 1 or 2 entries.
    """

    imprecise: int = 0
    judged: int = 0
    imprecise_wide: int = 0
    wide: int = 0
    where: str = ""
    example: Check | None = None

    @property
    def matters(self) -> bool:
        """Is it enough of the draws for the headline?"""
        enough = self.imprecise > 0 and self.imprecise * TENTH >= self.judged
        return enough and self.imprecise_wide * TENTH >= self.wide

    @property
    def words(self) -> tuple[str, ...]:
        """One line, with an example; none where nothing is imprecise."""
        if self.example is None:
            return ()
        key = self.example.imprecise[0]
        measure = self.example.measures[key, SUBJECT]
        where = f": {self.where}" if self.where else ""
        if self.imprecise * TENTH >= self.judged and not self.matters:
            where += f" ({self.imprecise_wide} of the {self.wide} without an axis of 1 or 2 entries)"
        shown = f"{got_and_want(measure.got, measure.want, measure.index)}, {measure.reason}"
        return (f"imprecise in {self.imprecise} of {self.judged} draws{where}; for one, {key}: {shown}",)


NO_SHARE = ShareOfDraws()


def drawn(check: Check) -> Iterator[Draw]:
    """The draw, if anything of it was judged."""
    problem = check.checked.problem
    if any(check.measures[key, SUBJECT].verdict in JUDGED for key in problem.gradients):
        sizes = {
            name: (float(np.min(abs(a))), float(np.max(abs(a))))
            for name, a in problem.arrays.items()
            if a.size and not is_integer(a) and problem.network.moves(name)
        }
        wide = min((n for array in problem.arrays.values() for n in array.shape), default=1) >= WIDE
        yield Draw(sizes, wide, check if check.imprecise else None)


def share_of(draws: Sequence[Draw]) -> ShareOfDraws:
    # a Check may be falsy itself
    lost, fine = ([each for each in draws if (each.example is None) is none] for none in (False, True))
    example = min((each.example for each in lost if each.example is not None), key=_entries, default=None)
    lost_wide, wide = (sum(each.wide for each in some) for some in (lost, draws))
    where = _where(lost, fine) if lost and len(fine) >= FEW else ""
    return ShareOfDraws(len(lost), len(draws), lost_wide, wide, where, example)


def _entries(check: Check) -> int:
    return sum(array.size for array in check.checked.problem.arrays.values())


def _where(lost: Sequence[Draw], fine: Sequence[Draw]) -> str:
    """The first bound on the magnitudes of one array that holds in all imprecise draws and in no other."""
    for name in sorted(set.intersection(*(set(each.sizes) for each in (*lost, *fine)))):
        for words, end, least in BOUNDS:
            inside = [end(each.sizes[name]) for each in lost]
            outside = [end(each.sizes[name]) for each in fine]
            if least and min(inside) > max(outside):
                return f"{words} |{name}| > {_between(max(outside), min(inside))}"
            if not least and max(inside) < min(outside):
                return f"{words} |{name}| < {_between(max(inside), min(outside))}"
    return ""


# every entry is large, some entry is large, every entry is small, some entry is small
BOUNDS: tuple[tuple[str, Callable[[tuple[float, float]], float], bool], ...] = (
    ("every", lambda ends: ends[0], True),
    ("some", lambda ends: ends[1], True),
    ("every", lambda ends: ends[1], False),
    ("some", lambda ends: ends[0], False),
)


def _between(low: float, high: float) -> str:
    """A number of few digits that is not below `low` and below `high`."""
    middle = low + (high - low) / 2
    for digits in range(1, 17):
        said = f"{middle:.{digits}g}"
        if low <= float(said) < high:
            return said
    return repr(low)
