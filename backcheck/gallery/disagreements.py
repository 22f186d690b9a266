"""Where PyTorch and JAX themselves part: from each other, or from the truth. Only what shows live is kept.

Three sources: findings that no known limit covers, the known limits of the oracles at their examples, and the
conventions at kinks in which the frameworks differ. The truth is exact: the value and the one-sided slopes of the
function itself.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import ml_dtypes
import numpy as np

from backcheck.gallery.conventions import KINKS, UNAVAILABLE, Convention, observe, one_sided, problem_of
from backcheck.gallery.exhibits import Place, Plain, places, script
from backcheck.keys import OUTPUT
from backcheck.problem import SUBJECT
from backcheck.verdicts.parties import FRAMEWORKS, ask_framework, ask_subject
from backcheck_reference.frameworks import jax_oracle, torch_oracle
from backcheck_reference.lazy import Unavailable
from backcheck_reference.numbers import balls, exact
from scratch_bp.rules import RULES, Rule

SHOWS = 256  # ulps: who is nearer to the truth than this is no outlier
SPOKEN = {SUBJECT: "NumPy", "torch": "PyTorch", "jax": "JAX"}
CONVENTION = "neither, it is a convention"

Ends = tuple[tuple[float, ...], tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Said:
    """One party's answer: its distance from the truth in ulps, as text, and whether it is an outlier."""

    party: str
    answer: str
    ulps: str
    outlier: bool


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One piece. `what` is "value" or "slope"; `outlier` names who is off, or says that it is a convention."""

    rule: str
    dtype: str
    what: str
    input: str
    truth: str
    answers: tuple[Said, ...]
    outlier: str
    reason: str
    reproducer: str


def showcase(oracles: Collection[str], rules: Mapping[str, Rule] = RULES) -> dict[str, tuple[dict[str, Any], ...]]:
    """Conventions and gallery as plain data for a run; nothing without exact arithmetic or without a framework."""
    if "exact" not in oracles or not set(FRAMEWORKS) & set(oracles):
        return {}
    try:
        rows = observe(oracles, rules)
        pieces = collect(oracles, rules, rows)
    except Unavailable:
        return {}
    return {"conventions": tuple(map(asdict, rows)), "gallery": tuple(map(asdict, pieces))}


def collect(oracles: Collection[str], rules: Mapping[str, Rule], rows: Collection[Convention]) -> list[Exhibit]:
    """What shows live: findings, limits, then the conventions among `rows` in which the frameworks differ."""
    found = [_exhibit(place, oracles, rules) for place in places()]
    return [piece for piece in found if piece] + [_of_convention(row) for row in rows if row.shared is False]


def _exhibit(place: Place, oracles: Collection[str], rules: Mapping[str, Rule]) -> Exhibit | None:
    """The place's value or its slope, whichever a framework is further off in; None when none is off."""
    answers = _ask(place, oracles, rules)
    errors: dict[str, dict[str, float]] = {}
    ends = _truth(place)
    for number, what in enumerate(ends):
        errors[what] = {party: _error(both[number], ends[what], place.dtype) for party, both in answers.items()}
    worst = {what: max((errors[what][p] for p in FRAMEWORKS if p in answers), default=0.0) for what in ends}
    what = "value" if worst["value"] > worst["slope"] else "slope"
    if not worst[what] > SHOWS:
        return None
    said = tuple(
        _said(party, answers[party][what == "slope"] if party in answers else None, errors[what].get(party))
        for party in SPOKEN
        if party in answers or party != SUBJECT
    )
    return Exhibit(
        rule=place.rule,
        dtype=place.dtype,
        what=what,
        input=", ".join(map(repr, place.arrays[0])),
        truth=between(*ends[what]),
        answers=said,
        outlier=" and ".join(each.party for each in said if each.outlier),
        reason=place.reason,
        reproducer=script(place.rule, what, place.arrays[0], place.dtype),
    )


def _said(party: str, found: np.ndarray | None, error: float | None) -> Said:
    if found is None or error is None:
        return Said(SPOKEN[party], UNAVAILABLE, "", False)
    answer = ", ".join(str(number) for number in np.ravel(found))
    return Said(SPOKEN[party], answer, f"{error:.3g}", error > SHOWS)


def _of_convention(row: Convention) -> Exhibit:
    kink = next(each for each in KINKS if (each.rule, each.point) == (row.rule, row.point))
    said = tuple(Said(SPOKEN[party], getattr(row, party), "", not row.inside.get(party, True)) for party in SPOKEN)
    return Exhibit(
        rule=row.rule,
        dtype="float64",
        what="slope",
        input=row.input,
        truth=between(row.low, row.high),
        answers=said,
        outlier=" and ".join(each.party for each in said if each.outlier) or CONVENTION,
        reason=row.why,
        reproducer=script(row.rule, "slope", kink.arrays[0], "float64"),
    )


def between(low: tuple[float, ...], high: tuple[float, ...]) -> str:
    """Each entry's truth: one number, or the two ends of what it may be."""
    each = [f"{a!r}" if a == b else f"{a:g} … {b:g}" for a, b in zip(low, high, strict=True)]
    return f"each {each[0]}" if len(each) > 1 and len(set(each)) == 1 else ", ".join(each)


def _truth(place: Place) -> dict[str, Ends]:
    arrays = _arrays(place)
    function = place.plain.exact if place.plain else lambda *moved: RULES[place.rule].forward(*moved)[0]
    with exact.bits(exact.LADDER[1][0]):
        value = tuple(exact.to_float(function(*map(exact.lift, arrays))).ravel().tolist())
    low, high = one_sided(function, arrays)
    return {"value": (value, value), "slope": (low, high)}


def _error(found: np.ndarray, ends: Ends, dtype: str) -> float:
    """How far outside the ends, in ulps of the nearer one; nan is infinitely far."""
    got, (low, high) = np.ravel(found).astype(np.float64), map(np.array, ends)
    with np.errstate(invalid="ignore"):
        near = np.where(got < low, low, high)
        away = np.where((low <= got) & (got <= high), 0.0, abs(got - near) / balls.ulp(near, dtype))
    return float(np.nan_to_num(away, nan=np.inf, posinf=np.inf).max())


def _arrays(place: Place) -> tuple[np.ndarray, ...]:
    dtype = ml_dtypes.bfloat16 if place.dtype == "bfloat16" else place.dtype
    return tuple(np.array(array).astype(dtype) for array in place.arrays)


def _ask(place: Place, oracles: Collection[str], rules: Mapping[str, Rule]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Value and slope, by party that answers."""
    frameworks = [name for name in FRAMEWORKS if name in oracles]
    arrays = _arrays(place)
    if place.plain is not None:
        return _ask_plainly(place.plain, arrays[0], frameworks)
    problem = replace(problem_of(place.rule, arrays, {}, arrays[0].dtype), rules=rules)
    answers = {SUBJECT: ask_subject(problem), **{name: ask_framework(name, problem) for name in frameworks}}
    first = problem.gradients[0]
    return {p: (a.tensors[OUTPUT], a.tensors[first]) for p, a in answers.items() if {OUTPUT, first} <= set(a.tensors)}


def _ask_plainly(plain: Plain, x: np.ndarray, frameworks: list[str]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    ways: dict[str, tuple[Callable, Callable]] = {
        "torch": (torch_oracle.value_and_grad, plain.torch),
        "jax": (jax_oracle.whole_program, plain.jax),
    }
    dy, found = np.ones(np.shape(plain.exact(x)), x.dtype), {}
    for name in frameworks:
        ask, function = ways[name]
        try:
            value, grads = ask(_program(function), {"x": x}, dy, ("x",))
        except Unavailable:
            continue
        found[name] = np.asarray(value), np.asarray(grads["x"])
    return found


def _program(function: Callable) -> Callable:
    return lambda apply, arrays: function(arrays["x"])
