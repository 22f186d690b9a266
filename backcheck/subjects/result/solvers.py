"""Does code that runs on floats alone solve to a tolerance: by a root finder, minimiser, integrator of SciPy's, a loop?

Then its forward is that function up to an error e, and differences find the slope of both together. Two things tell how
large e is. SciPy's solvers are seen when they are called, and with them the tolerance that they were given. And the
number of lines that run is another where a loop ends sooner or later: the jump of the value there is the error on one
side of it. As for any staircase (see `staircase`), e may grow from nothing to all of it between two jumps, so that the
slope is off by no more than log(size / e) e / length. Where no jump is near, it does so over the size of the numbers.

The author's own tolerance is held against nobody: a slope that is off by less is not called wrong.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from backcheck.problem import Problem
from backcheck.subjects.result.staircase import LONGEST, LOOKED, Stair
from backcheck.verdicts.differences import Slope
from backcheck_reference.numbers import limits

SOLVERS = ("scipy.optimize", "scipy.integrate")
# what SciPy's solvers call the error that they may leave: of x, of f, of the gradient, of the whole
TOLERANCES = ("tol", "xtol", "rtol", "atol", "ftol", "gtol", "xatol", "fatol", "xrtol", "epsabs", "epsrel")
DEFAULTS = {"odeint": 1.49012e-8}  # that its Fortran takes for None
EPS = float(np.finfo(np.float64).eps)


class Solver(NamedTuple):
    """What was seen of a forward that solves: whose tolerance, and the stair that it may make."""

    said: str
    stair: Stair


class Sample(NamedTuple):
    """One place on the line: the weighed value there, the size of its terms, the lines that ran, tolerances by name."""

    at: float
    value: float
    size: float
    lines: int
    tolerances: dict[str, float]


def solver(problem: Problem, name: str, slope: Slope) -> Solver | None:
    """The solver in the forward, along one array; None where none is seen. `slope` is what differences say there."""
    try:
        with np.errstate(all="ignore"):
            middle = _run(problem, name, slope, 0.0)
            found = [*_by_lines(problem, name, slope, middle), *_by_tolerance(middle)]
    except Exception:  # what the code raises is known already
        return None
    return max(found, key=lambda each: each.stair.resolution, default=None)


def _run(problem: Problem, name: str, slope: Slope, t: float) -> Sample:
    x = problem.arrays[name].astype(np.float64) + t * slope.v
    seen: dict[str, float] = {}
    with limits.lines_run(lambda frame: _note(frame, seen)) as lines:
        value = problem.function({**problem.arrays, name: x.astype(problem.arrays[name].dtype)})
    terms = np.asarray(value).astype(np.float64) * problem.dy
    return Sample(t, float(terms.sum()), float(abs(terms).sum()), lines[0], seen)


def _note(frame: Any, seen: dict[str, float]) -> None:
    """The tolerances among the arguments of a call of a solver."""
    if not frame.f_globals.get("__name__", "").startswith(SOLVERS):
        return
    for name in TOLERANCES:
        value = frame.f_locals.get(name)
        if value is None and name in frame.f_locals:
            value = DEFAULTS.get(frame.f_code.co_name)
        if isinstance(value, float) and 0 < value < 1:
            called = f"{frame.f_code.co_name}({name}={value:g})"
            seen[called] = max(value, seen.get(called, 0.0))


def _by_tolerance(middle: Sample) -> Iterator[Solver]:
    """What the largest tolerance that a solver was given allows."""
    if middle.tolerances:
        called = max(middle.tolerances, key=lambda each: middle.tolerances[each])
        height = middle.tolerances[called] * max(middle.size, 1.0)
        yield Solver(f"{called} of SciPy's leaves errors such as {height:.0e}", Stair(height, 2 * LONGEST, middle.size))


def _by_lines(problem: Problem, name: str, slope: Slope, middle: Sample) -> Iterator[Solver]:
    """The stair between the nearest places beyond which more or fewer lines run. Each entry may have stairs of its own,
    so the height is that of the largest jump that is found."""
    jumps = list(_jumps(problem, name, slope, middle))
    height = max((high for high, _ in jumps), default=0.0)
    # as much as this rounding may do too
    if height > 8 * EPS * middle.size:
        ends = [min((abs(at) for _, at in jumps if at * sign > 0), default=LONGEST) for sign in (1, -1)]
        yield Solver(
            f"another step of an iteration changes the value by {height:.0e}", Stair(height, sum(ends), middle.size)
        )


def _jumps(problem: Problem, name: str, slope: Slope, middle: Sample) -> Iterator[tuple[float, float]]:
    """The height and the place of one jump in each part of the line at whose ends other numbers of lines run."""
    for sign in (1, -1):
        start = middle
        for end in (_run(problem, name, slope, sign * 2.0**-power) for power in LOOKED):
            if end.lines != start.lines:
                yield _halved(problem, name, slope, start, end)
            start = end


def _halved(problem: Problem, name: str, slope: Slope, start: Sample, end: Sample) -> tuple[float, float]:
    lines = start.lines
    while (at := (start.at + end.at) / 2) not in (start.at, end.at):
        half = _run(problem, name, slope, at)
        start, end = (half, end) if half.lines == lines else (start, half)
    return abs(end.value - start.value - slope.estimate.value * (end.at - start.at)), end.at
