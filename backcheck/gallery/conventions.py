"""The slope that each party takes at a kink or a tie: every party is asked at every kink point of the catalogue.

At a kink every slope between the two one-sided slopes is a subgradient. So parties may differ and none of them is
wrong. The one-sided slopes are exact: of each output by one entry of the array, summed over the outputs.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backcheck.keys import gradient
from backcheck.problem import SUBJECT, Problem, pose
from backcheck.strategies.catalogue import KINKS, Kink, signature_of
from backcheck.verdicts.parties import FRAMEWORKS, ask_framework, ask_subject
from backcheck_reference.derivatives.differences import directional
from backcheck_reference.lazy import flint
from backcheck_reference.numbers import exact
from scratch_bp.network import ArraySpec, Network, Node
from scratch_bp.rules import RULES, Rule

DIFFERENCES = "differences"
KINK_PARTIES = (SUBJECT, *FRAMEWORKS, DIFFERENCES)
UNAVAILABLE = "unavailable"
NEGLIGIBLE_BITS = 300  # a slope below 2^-300 is 0: a step of 2^-400 leaves that much of a curve
ROUNDING_ALLOWED = 2.0**-50
# a difference is off by about its step wherever the second derivative jumps
DIFFERENCES_ALLOWED = 2.0**-12

Ends = tuple[float, ...]  # an end of each entry's slopes


@dataclass(frozen=True, slots=True)
class Convention:
    """What was said at one point: slopes as text, entry by entry, or "unavailable".

    low, high   the exact one-sided slopes of each entry
    shared      do PyTorch and JAX take the same slope? None when one of them did not answer
    inside      by party that answered: does its slope lie between the one-sided ones?
    """

    rule: str
    point: str
    input: str
    low: Ends
    high: Ends
    numpy: str
    torch: str
    jax: str
    differences: str
    shared: bool | None
    inside: Mapping[str, bool]
    why: str


def problem_of(rule: str, arrays: tuple[Any, ...], config: Mapping[str, Any], dtype: Any = np.float64) -> Problem:
    """One rule alone, with a cotangent of ones."""
    slots = signature_of(rule).arrays[: len(arrays)]
    kinds = {slot.name: np.int64 if slot.integer else dtype for slot in slots}
    given = {slot.name: np.array(a, dtype=kinds[slot.name]) for slot, a in zip(slots, arrays, strict=True)}
    classes = {slot.name: int(given[slot.name].max()) + 1 if slot.integer else None for slot in slots}
    specs = {name: ArraySpec(array.shape, classes=classes[name]) for name, array in given.items()}
    network = Network(specs, (Node("y", rule, tuple(given), dict(config)),), "y")
    shape = np.shape(RULES[rule].forward(*given.values(), **config)[0])
    return pose(network, given, np.ones(shape, dtype=dtype))


def slopes(rule: str, kink: Kink, party: str, rules: Mapping[str, Rule] = RULES) -> np.ndarray | None:
    """One party's gradient of the array that moves, flat, or None when it has no answer."""
    problem = replace(problem_of(rule, kink.arrays, kink.config), rules=rules)
    name = tuple(problem.arrays)[position(rule, kink)]
    if party == DIFFERENCES:
        return _central(problem, name)
    answer = ask_subject(problem) if party == SUBJECT else ask_framework(party, problem)
    found = answer.tensors.get(gradient(name))
    return None if found is None else found.ravel()


def position(rule: str, kink: Kink) -> int:
    """The position of the array that moves."""
    return [slot.name for slot in signature_of(rule).arrays].index(kink.of) if kink.of else 0


def _central(problem: Problem, name: str) -> np.ndarray | None:
    """Central differences, entry by entry; None where the function ends at the point."""
    x, found = problem.arrays[name], []
    try:
        with np.errstate(all="ignore"):
            value = problem.function(problem.arrays)
            for flat in range(x.size):
                v = (np.arange(x.size) == flat).astype(x.dtype).reshape(x.shape)
                found.append(directional(problem.function, problem.arrays, value, problem.dy, {name: v}))
    except Exception:  # anybody's code may raise anything; here it has no answer
        return None
    good = all(np.isfinite(estimate.error) for estimate in found)
    return np.array([estimate.value for estimate in found]) if good else None


def one_sided(function: Callable[..., Any], arrays: tuple[np.ndarray, ...], of: int = 0) -> tuple[Ends, Ends]:
    """The exact one-sided slopes of the sum of the outputs, by each entry of the array at the position `of`: all low
    ones, all high ones.

    Raises Unavailable when exact arithmetic is not installed.
    """
    precision, step = exact.LADDER[1]
    with exact.bits(precision):
        lifted = [exact.lift(array) for array in arrays]

        def moved(x: np.ndarray) -> Any:
            return function(*lifted[:of], x, *lifted[of + 1 :])

        both = [_both(moved, lifted[of], index, step) for index in np.ndindex(lifted[of].shape)]
    return tuple(low for low, _ in both), tuple(high for _, high in both)


def _both(function: Callable[..., Any], x: np.ndarray, index: tuple[int, ...], step: int) -> tuple[float, float]:
    """The least and the most of the slopes seen; one that grows as the step shrinks is infinite."""
    wide, close = (_least_and_most(function, x, index, bits) for bits in (step - 50, step))
    return _limit(wide[0], close[0]), _limit(wide[1], close[1])


def _least_and_most(function: Callable[..., Any], x: np.ndarray, index: tuple[int, ...], step: int) -> tuple[Any, Any]:
    """Each output's smaller and larger slope over a step of 2^-`step`, summed over the outputs."""
    h = flint.arb(2) ** -step * (abs(x[index]) if x[index] != 0 else 1)
    values = []
    for move in (-h, 0, h):
        moved = x.copy()
        moved[index] = moved[index] + move
        values.append(np.ravel(np.asarray(function(moved), dtype=object)))
    sides = zip((values[1] - values[0]) / h, (values[2] - values[1]) / h, strict=True)
    seen = [[side for side in pair if side.is_finite()] for pair in sides]  # beyond its end a function has no slope
    low = sum((pair[0].min(pair[-1]) for pair in seen if pair), flint.arb(0))
    high = sum((pair[0].max(pair[-1]) for pair in seen if pair), flint.arb(0))
    return low, high


def _limit(wide: Any, close: Any) -> float:
    if abs(close) > 2 * abs(wide) and abs(close) > 1:
        return np.inf if close > 0 else -np.inf
    return 0.0 if abs(close) < flint.arb(2) ** -NEGLIGIBLE_BITS else float(close.mid())


def within(said: np.ndarray, low: Ends, high: Ends, allowed: float = ROUNDING_ALLOWED) -> bool:
    """Does every slope lie between the one-sided ones, but for rounding?"""
    with np.errstate(invalid="ignore"):
        slack = [
            allowed * max(1.0, abs(a), abs(b)) if np.isfinite([a, b]).all() else 0.0
            for a, b in zip(low, high, strict=True)
        ]
        return bool(np.all((said >= np.array(low) - slack) & (said <= np.array(high) + slack)))


def observe(oracles: Collection[str], rules: Mapping[str, Rule] = RULES) -> list[Convention]:
    """Ask the subject and these oracles at every point. Raises Unavailable without exact arithmetic."""
    return [_convention(rule, kink, oracles, rules) for rule, kink in KINKS]


def _convention(rule: str, kink: Kink, oracles: Collection[str], rules: Mapping[str, Rule]) -> Convention:
    asked = [party for party in KINK_PARTIES if party == SUBJECT or party in oracles]
    answers = {party: slopes(rule, kink, party, rules) for party in asked}
    said = {party: found for party, found in answers.items() if found is not None}
    arrays = tuple(np.array(array) for array in kink.arrays)
    names = [slot.name for slot in signature_of(rule).arrays]
    at = position(rule, kink)
    low, high = one_sided(lambda *moved: RULES[rule].forward(*moved, **kink.config)[0], arrays, at)
    allowed = {party: DIFFERENCES_ALLOWED if party == DIFFERENCES else ROUNDING_ALLOWED for party in said}
    return Convention(
        rule=rule,
        point=kink.point,
        input="; ".join(f"{name} = {listed(array)}" for name, array in zip(names, kink.arrays, strict=False)),
        low=low,
        high=high,
        **{party: listed(said[party]) if party in said else UNAVAILABLE for party in KINK_PARTIES},
        shared=_same(said.get("torch"), said.get("jax")),
        inside={party: within(found, low, high, allowed[party]) for party, found in said.items()},
        why=kink.why,
    )


def _same(a: np.ndarray | None, b: np.ndarray | None) -> bool | None:
    return None if a is None or b is None else bool(np.allclose(a, b, rtol=ROUNDING_ALLOWED, atol=0, equal_nan=True))


def listed(values: Any) -> str:
    """Numbers as short text."""
    return ", ".join(f"{value + 0.0:.3g}" for value in np.ravel(values))
