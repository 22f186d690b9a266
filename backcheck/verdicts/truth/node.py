"""One rule judged by exact arithmetic at the values that it had: right, at a kink, wrong, or impossible to judge."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from backcheck.outputs import as_one, joined
from backcheck.signature import takes
from backcheck_reference.derivatives import along, jacobians, judgement
from backcheck_reference.lazy import Unavailable
from backcheck_reference.numbers import exact
from scratch_bp.network import Node
from scratch_bp.rules import Rule

# Along one direction alone a wrong subgradient can look right: "copied to all ties" does along (0.5, -0.3).
DIRECTIONS = ((1, False), (2, True), (3, False), (4, True))
BESIDE = 2.0**-60  # how far beside a point the same rule is asked once more
# A rule of several layers, of which many units may be at their corner at once. Each takes the slope that it always
# takes there. Put together those need be no slope of the whole: relu(x) - relu(-x) is x, and every framework says 0.
INNER_CORNERS = {"transformer_encoder_layer": "the ReLUs within it are at their corner"}
NO_SLOPE_OF_WHOLE = "put together, what each takes there need be no slope of the whole; right at points beside"
MOST_AT_KINK = 64  # entries that are looked at one by one at a kink
MOST_PLACES = 16  # entries that are not finite, of each gradient, whose true slope is looked for


class State(StrEnum):
    RIGHT = "right"
    KINK = "kink"
    WRONG = "wrong"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class NodeReport:
    """What exact arithmetic says of one node's rule at the values it had. `wrong` names arguments, worst first.

    `finite` is off where the value, the gradient or the slope is no finite number, so that no comparison was possible.
    """

    node: Node
    state: State
    residual: float
    wrong: tuple[str, ...] = ()
    reason: str = ""
    finite: bool = True


def judge_node(
    node: Node, inputs: list[np.ndarray], dy: np.ndarray, rule: Rule, fixed: Container[int] = ()
) -> NodeReport:
    """One rule at exact inputs, along several directions; where it is wrong, argument by argument.

    The inputs at the positions in `fixed` have no gradient to be judged.
    """
    names = argument_names(rule, len(inputs))
    own, rule, dy = rule, as_one(rule), joined(dy)  # its own has the names of the arrays
    arrays = dict(zip(names, inputs, strict=True))
    free = tuple(n for at, (n, value) in enumerate(arrays.items()) if value.dtype == object and at not in fixed)

    def function(at: Mapping[str, np.ndarray]) -> np.ndarray:
        return np.asanyarray(rule.forward(*(at[name] for name in names), **node.config)[0])

    def pull(at: Mapping[str, np.ndarray], cotangent: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        value, saved = rule.forward(*(at[name] for name in names), **node.config)
        grads = zip(names, rule.backward(saved, cotangent), strict=True)
        # no gradient at all says that there is none to speak of, which is judged as zero
        return value, {name: 0 * at[name] if grad is None else grad for name, grad in grads if name in free}

    def judge(wanted: tuple[str, ...]) -> list[judgement.Judgement]:
        tried, lost = [], None
        for seed, positive in DIRECTIONS:
            try:
                tried.append(judgement.judge(function, pull, arrays, dy, wanted, seed=seed, positive=positive))
            except exact.NoSlope as reason:  # a function may end here in one direction and not in another
                lost = reason
                continue
            if tried[-1].smooth:
                break  # at a smooth point one generic direction settles it, either way
        if lost is not None and not tried:
            raise lost
        return tried

    try:
        whole = judge(free)
        if all(each.right for each in whole):
            if any(each.smooth for each in whole):
                return NodeReport(node, State.RIGHT, whole[-1].residual)
            # the interval that a kink of one output leaves open is none of the other outputs'
            others = _away_from_kinks(along.smooth_outputs(function, arrays, free, DIRECTIONS[0][0]), dy)
            report = None if others is None else judge_node(node, inputs, others, own, fixed)
            if report is not None and report.state is State.WRONG:
                return report
            entries = _wrong_entries(function, pull, arrays, dy, free)
            if entries:
                return NodeReport(node, State.WRONG, max(entries.values()), tuple(entries))
            return NodeReport(node, State.KINK, whole[-1].residual)
        parts = {name: judge((name,)) for name in free} if len(free) > 1 else {free[0]: whole}
        off = {name: _worst(tried) for name, tried in parts.items() if not all(each.right for each in tried)}
        residual = max(off.values(), default=_worst(whole))
        if residual <= exact.FLOAT_CONSTANTS:
            residual = max(residual, _hidden(function, pull, arrays, dy, free))
    except exact.NotFinite as lost:
        return _not_finite(node, function, pull, arrays, dy, free, str(lost))
    except Exception as error:  # the subject's code is anybody's: whatever it raises on exact numbers is its answer
        return NodeReport(node, State.UNAVAILABLE, np.nan, reason=in_words(error))
    wrong = tuple(sorted(off, key=lambda name: -off[name]))
    if node.rule in INNER_CORNERS and not any(each.smooth for each in whole) and residual > exact.FLOAT_CONSTANTS:
        beside = along.directions({name: exact.middles(arrays[name]) for name in free}, free, *DIRECTIONS[0])
        moved = [arrays[n] + exact.lift(beside[n]) * BESIDE if n in beside else arrays[n] for n in names]
        if judge_node(node, moved, dy, own, fixed).state is State.RIGHT:
            return NodeReport(
                node, State.UNAVAILABLE, residual, reason=f"{INNER_CORNERS[node.rule]}: {NO_SLOPE_OF_WHOLE}"
            )
    if residual <= exact.FLOAT_CONSTANTS:
        reason = (
            f"a number in {node.rule} is a rounded float64: exact arithmetic agrees to {residual:.0e} and no further"
        )
        kink = not any(each.smooth for each in whole)
        return NodeReport(node, State.KINK if kink else State.RIGHT, residual, reason=reason)
    return NodeReport(node, State.WRONG, residual, wrong or free)


def _not_finite(
    node: Node,
    function: exact.Function,
    pull: Any,
    arrays: exact.Arrays,
    dy: np.ndarray,
    free: tuple[str, ...],
    reason: str,
) -> NodeReport:
    """A backward that is not finite is wrong where the forward has a finite slope; else there is nothing to judge."""

    def by_position(*values: np.ndarray) -> np.ndarray:
        return function(dict(zip(arrays, values, strict=True)))

    lost = NodeReport(node, State.UNAVAILABLE, np.nan, reason=reason, finite=False)
    try:
        with exact.bits(exact.LADDER[-1][0]):
            grads = pull(arrays, dy)[1]
        wrong: dict[str, tuple[int, ...]] = {}
        for name in free:
            places = np.argwhere(~exact.finite(grads[name]))[:MOST_PLACES].tolist()
            which, found = list(arrays).index(name), [tuple(place) for place in places]
            slopes = jacobians.pull_back_at(by_position, list(arrays.values()), which, dy, found) if found else []
            there = [at for at, slope in zip(found, slopes, strict=True) if slope.is_finite()]
            if there:
                wrong[name] = there[0]
    except Exception:  # one more failure of the same code says no more
        return lost
    if not wrong:
        return lost
    said = " and ".join(f"the gradient by {name} is not finite at {list(at)}" for name, at in wrong.items())
    return NodeReport(node, State.WRONG, np.inf, tuple(wrong), f"{said}, where the slope of the forward is", False)


def _wrong_entries(
    function: exact.Function, pull: Any, arrays: exact.Arrays, dy: np.ndarray, free: tuple[str, ...]
) -> dict[str, float]:
    """The arrays of which one entry is no slope along itself at a kink, and how far off it is.

    Along a direction through all entries the kinks of the others leave room in which one wrong entry hides.
    """
    sizes = [arrays[name].size for name in free]
    if sum(sizes) > MOST_AT_KINK or dy.size > MOST_AT_KINK:
        return {}

    def by_position(*values: np.ndarray) -> np.ndarray:
        return function(dict(zip(arrays, values, strict=True)))

    precision, step = exact.LADDER[0]
    found: dict[str, float] = {}
    with exact.bits(precision):
        value, grads = pull(arrays, dy)
        for name in free:
            bounds = jacobians.pull_back(by_position, tuple(arrays.values()), list(arrays).index(name), dy)
            apart = [at for at in np.ndindex(bounds.shape) if not grads[name][at].overlaps(bounds[at])]
            for at in apart[:MOST_PLACES]:
                v = {name: np.zeros(bounds.shape)}
                v[name][at] = along.unit(arrays[name])[at]
                alone = along.slopes(function, arrays, value, dy, {name: grads[name]}, v, step)
                if not alone.right and alone.off.is_finite():
                    alone = along.beside(alone, function, arrays, dy, v)
                    if not alone.right and alone.off.is_finite():
                        found[name] = max(found.get(name, 0.0), alone.residual)
    return found


def _hidden(function: exact.Function, pull: Any, arrays: exact.Arrays, dy: np.ndarray, free: tuple[str, ...]) -> float:
    """How far off it is along equal steps in all entries: beside an entry of 1e30 an error of 1 hides."""
    alike = judgement.judge(function, pull, arrays, dy, free, alike=True)
    return 0.0 if alike.right else alike.residual


def _away_from_kinks(smooth: np.ndarray, dy: np.ndarray) -> np.ndarray | None:
    """The cotangent with zeros at the outputs that are at a kink. None where none or all of them are."""
    counts = np.asarray(dy != 0, dtype=bool)
    return np.where(smooth, dy, 0 * dy) if (counts & smooth).any() and (counts & ~smooth).any() else None


def _worst(tried: list[judgement.Judgement]) -> float:
    return max(each.residual for each in tried if not each.right)


def in_words(error: Exception) -> str:
    """Why the subject's code gives no answer on exact numbers, from the exception that it raised."""
    if isinstance(error, Unavailable):
        return str(error)
    return f"on exact numbers it raises {type(error).__name__}: {error}"


def argument_names(rule: Rule, count: int) -> tuple[str, ...]:
    """The names of a rule's first `count` arrays, from the signature of its forward; those of `*xs` have a number."""
    taken = takes(rule.forward)
    numbered = [f"{taken.rest}{i + 1}" for i in range(count - len(taken.names)) if taken.rest]
    names = (*taken.names, *numbered)[:count]
    return names if len(names) == count else tuple(f"array{i}" for i in range(count))
