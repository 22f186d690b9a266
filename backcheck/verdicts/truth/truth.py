"""The truth about one problem.

Quick first: the subject's own gradient at 256 bits, if differences of its forward say it is right, with a tolerance
from one run on balls. Where anything is out of the ordinary (a kink, a wrong rule, a party outside) the careful way
follows: every node is judged on its own, wrong ones are repaired, and hulls of balls cover every branch that rounding
or a convention could take.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from backcheck.keys import TensorKey, keyed
from backcheck.problem import Problem
from backcheck.verdicts.truth import absence
from backcheck.verdicts.truth import walk as nodewise
from backcheck.verdicts.truth.node import NO_SLOPE_OF_WHOLE, NodeReport, in_words
from backcheck.verdicts.truth.rulings import COMPOSED_WRONG, Ruling, along_directions, rulings_of
from backcheck.verdicts.truth.tolerance import Known, hulls, kinked, lifted, rounding, with_constants
from backcheck_reference.derivatives import along, judgement
from backcheck_reference.lazy import Unavailable
from backcheck_reference.numbers import balls, exact
from scratch_bp.network import Node
from scratch_bp.rules import Rule


@dataclass(frozen=True, slots=True)
class Truth:
    """`known` by tensor (empty when the truth is not to be had, `why` says it), `rulings` by gradient tensor.

    `slopes` are the slopes that showed a gradient right, at a smooth point.
    """

    known: Mapping[TensorKey, Known]
    rulings: Mapping[TensorKey, Ruling]
    why: str = ""
    reports: tuple[NodeReport, ...] = ()
    peak: float = 0.0
    undecided: str = ""
    careful: bool = False
    composed: bool = True
    finite: bool = True
    slopes: along.Slopes | None = None

    @property
    def ordinary(self) -> bool:
        """Is everything known, right and smooth, so that the careful way is not needed?"""
        return bool(self.known) and all(r.right and not r.kink for r in self.rulings.values())


def quick(problem: Problem) -> Truth:
    """The truth where the point is smooth and the subject's rules are right, which is nearly everywhere."""
    try:
        numbers = lifted(problem)
        pieces = len(problem.network.nodes)
        judged = judgement.judge(problem.function, problem.vjp, *numbers, problem.wanted, levels=2, pieces=pieces)
        if not (judged.right and judged.smooth):
            return Truth({}, {}, why="not smooth and right at the first precision")
        found = rounding(problem, numbers)
        tensors = keyed(judged.value, judged.grads)
        if any(_is_misshapen(problem, key, each) for key, each in tensors.items()):
            return Truth({}, {}, why="a gradient has another shape than its array")
        known = {key: _known(problem, key, each, *found[key]) for key, each in tensors.items()}
    except Unavailable as reason:
        return Truth({}, {}, why=str(reason))
    except Exception as error:  # the subject's code on exact numbers: whatever it raises, the careful way looks again
        return Truth({}, {}, why=in_words(error))
    ruling = Ruling(True, False, judged.residual, judged.slopes.resolution)
    return Truth(known, dict.fromkeys(problem.gradients, ruling), slopes=judged.slopes)


def _is_misshapen(problem: Problem, key: TensorKey, tensor: np.ndarray) -> bool:
    """Has it a shape that is none of its array's, not even when it is broadcast: a gradient that was not summed?"""
    wanted, shape = problem.shape_of(key), np.shape(tensor)
    fits = len(shape) <= len(wanted) and all(n in (1, m) for n, m in zip(shape[::-1], wanted[::-1], strict=False))
    return not fits


def _known(problem: Problem, key: TensorKey, tensor: np.ndarray, middles: np.ndarray, radii: np.ndarray) -> Known:
    """The truth about one tensor, and what rounding may do to it. Raises NotFinite where it is no finite number.

    Where the balls of few bits exclude zero, the numbers are finite and need no further test: both hold the same.
    """
    apart = bool(np.all(2 * radii < abs(middles)))
    if not apart:
        exact.require_finite(str(key), tensor)
    return Known(problem.dtype, *double(tensor, cancelled=not apart), balls.SLACK * radii)


def double(array: np.ndarray, cancelled: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Exact numbers as an unevaluated sum of two float64. With `cancelled`, a ball around zero counts as zero.

    At repaired kinks there are wide balls around zero that do not stand for zero: `cancelled` is off there.
    """
    array = np.asarray(array, dtype=object).view(np.ndarray)
    hi = exact.to_float(array)
    if cancelled:
        hi = np.where(exact.zeros(array) & np.isfinite(hi), 0.0, hi)
    safe = np.where(np.isfinite(hi), hi, 0.0)
    with exact.bits(exact.ROUGH):
        return hi, exact.to_float(array - safe)


def careful(problem: Problem) -> Truth:
    """The truth where the point is out of the ordinary; see the text of the module."""
    precision = exact.LADDER[0][0]
    try:
        walk = nodewise.walk(problem.network, problem.arrays, problem.dy, problem.rules)
        if not walk.lost and any(exact.unseen(each) or not exact.finite(each).all() for each in walk.grads.values()):
            precision = exact.LADDER[1][0]
            walk = nodewise.walk(problem.network, problem.arrays, problem.dy, problem.rules, precision)
    except exact.NotFinite as reason:
        return Truth({}, {}, why=absence.of_forward(problem) or str(reason), careful=True, finite=False)
    except Exception as error:  # as in `quick`; where floats show that forward is not finite, that is why
        lost = absence.of_forward(problem)
        return Truth({}, {}, why=lost or in_words(error), careful=True, finite=not lost)
    corners = next((report.reason for report in walk.reports if report.reason.endswith(NO_SLOPE_OF_WHOLE)), "")
    if corners:  # and differences would find a slope that nobody has to take
        return Truth({}, {}, why=corners, reports=walk.reports, careful=True, finite=False)
    if walk.lost:
        return Truth({}, along_directions(problem, walk), why=walk.lost, reports=walk.reports, careful=True)

    def choose(node: Node, inputs: list[np.ndarray], cotangent: np.ndarray) -> Rule:
        return walk.repaired.get(node.name, problem.rules[node.rule])

    with exact.bits(precision):
        rulings = rulings_of(problem, walk)
        tensors = keyed(walk.value, walk.grads)
        doubles = {key: double(tensor, not walk.repaired) for key, tensor in tensors.items()}
    try:
        spans = rounding(problem, lifted(problem), choose)
    except Exception as error:  # balls that overlap are not what everybody's code expects of numbers
        why = f"on balls of {problem.dtype}'s precision it raises {type(error).__name__}: {error}"
        return Truth({}, rulings, why=why, reports=walk.reports, careful=True)
    radii = {key: _slack(reach, tensors[key] if walk.repaired else None) for key, (_, reach) in spans.items()}
    allowed = with_constants(radii, doubles, walk)
    wide, peak, undecided = hulls(problem, choose)
    kinks, met = kinked(problem, choose, walk)
    # differences do not see it: along a direction a gradient that was not summed gives the same
    misshapen = [key for key in tensors if _is_misshapen(problem, key, tensors[key])]
    found = {
        key: replace(Known(problem.dtype, *doubles[key], allowed[key], *wide.get(key, ())), kink=key in kinks)
        for key in tensors
        if key not in misshapen and _has_numbers(tensors[key], doubles[key][0])
    }
    known = {key: absence.told(problem, key, each) for key, each in found.items()}
    composed = all(ruling.reason != COMPOSED_WRONG for ruling in rulings.values())
    rulings = {key: replace(ruling, kink=ruling.right and key in kinks) for key, ruling in rulings.items()}
    without = [key for key in tensors if key not in known and key not in misshapen]
    why = absence.why(problem, without[0], ~np.isfinite(doubles[without[0]][0])) if without else ""
    largest, finite = max(peak, met, walk.peak), bool(known)  # beyond float64 in every tensor: differences are too
    return Truth(known, rulings, why, walk.reports, largest, undecided, True, composed, finite)


def _slack(reach: np.ndarray, tensor: np.ndarray | None) -> np.ndarray:
    """What rounding may do, with room; and with none what a repaired gradient leaves open at a kink."""
    if tensor is None:
        return balls.SLACK * reach
    left_open = balls.radii(np.asarray(tensor))
    left_open = np.where(np.isfinite(left_open) & np.isfinite(reach), left_open, 0.0)
    room: np.ndarray = balls.SLACK * np.maximum(reach - left_open, 0.0) + left_open
    return room


def _has_numbers(tensor: np.ndarray, hi: np.ndarray) -> bool:
    """Is there something to judge: a number, and none that is there and that a float64 cannot hold?"""
    there = exact.finite(tensor)
    return bool(np.isfinite(hi[there]).all()) and bool(there.any() or not there.size)


def of_standin(problem: Problem, lost: Truth) -> Truth:
    """The truth about a subject that cannot run on exact numbers, from its stand-in: the same function in other code.

    It says how far the answers are off, and nothing of the rule. Returns `lost` where the stand-in has no truth.
    """
    other = replace(problem, rules={**problem.rules, **(problem.standin or {})}, standin=None)
    truth = quick(other)
    if not truth.ordinary:
        truth = careful(other)
    return replace(truth, rulings={}, reports=(), why=lost.why) if truth.known else lost
