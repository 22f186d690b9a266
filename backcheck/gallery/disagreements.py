"""Where PyTorch and JAX differ from each other or from the truth. A piece is kept only where the difference shows now.

There are three sources: findings that no known limit covers, the known limits of the frameworks at their examples, and
the kinks at which the frameworks take different slopes. The truth is exact: the value and the one-sided slopes of the
function itself.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import ml_dtypes
import numpy as np

from backcheck.gallery.conventions import UNAVAILABLE, Convention, Ends, observe, one_sided, position, problem_of
from backcheck.gallery.exhibits import Calls, ExhibitPlace, places, script
from backcheck.keys import OUTPUT
from backcheck.problem import SUBJECT
from backcheck.strategies.arrays import Shape
from backcheck.strategies.catalogue import KINKS
from backcheck.verdicts.parties import FRAMEWORKS, ask_framework, ask_subject
from backcheck_reference.frameworks import jax_oracle, torch_oracle
from backcheck_reference.lazy import F, Unavailable, jax, jnp, torch
from backcheck_reference.numbers import balls, exact
from scratch_bp.rules import RULES, Rule

SHOWS = 256  # ulps from the truth: more than this makes an outlier
SPOKEN = {SUBJECT: "NumPy", "torch": "PyTorch", "jax": "JAX"}
CONVENTION = "neither, it is a convention"

Answers = dict[str, tuple[np.ndarray, np.ndarray]]  # by party, the value and the slope


@dataclass(frozen=True, slots=True)
class PartyAnswer:
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
    answers: tuple[PartyAnswer, ...]
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


def _exhibit(place: ExhibitPlace, oracles: Collection[str], rules: Mapping[str, Rule]) -> Exhibit | None:
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
        reproducer=script(place.calls, what, place.arrays[0], place.dtype),
    )


def _said(party: str, found: np.ndarray | None, error: float | None) -> PartyAnswer:
    if found is None or error is None:
        return PartyAnswer(SPOKEN[party], UNAVAILABLE, "", False)
    answer = ", ".join(str(number) for number in np.ravel(found))
    return PartyAnswer(SPOKEN[party], answer, f"{error:.3g}", error > SHOWS)


def _of_convention(row: Convention) -> Exhibit:
    kink = next(kink for rule, kink in KINKS if (rule, kink.point) == (row.rule, row.point))
    said = tuple(PartyAnswer(SPOKEN[p], getattr(row, p), "", not row.inside.get(p, True)) for p in SPOKEN)
    return Exhibit(
        rule=row.rule,
        dtype="float64",
        what="slope",
        input=row.input,
        truth=between(row.low, row.high),
        answers=said,
        outlier=" and ".join(each.party for each in said if each.outlier) or CONVENTION,
        reason=row.why,
        reproducer=script(kink.calls, "slope", kink.arrays[position(row.rule, kink)], "float64"),
    )


def between(low: Ends, high: Ends) -> str:
    """Each entry's truth: one number, or the two ends of what it may be."""
    each = [f"{a!r}" if a == b else f"{a:g} … {b:g}" for a, b in zip(low, high, strict=True)]
    return f"each {each[0]}" if len(each) > 1 and len(set(each)) == 1 else ", ".join(each)


def _truth(place: ExhibitPlace) -> dict[str, tuple[Ends, Ends]]:
    arrays = _arrays(place)
    function = place.exact or (lambda *moved: RULES[place.rule].forward(*moved)[0])
    with exact.bits(exact.LADDER[1][0]):
        value = tuple(exact.to_float(function(*map(exact.lift, arrays))).ravel().tolist())
    low, high = one_sided(function, arrays)
    return {"value": (value, value), "slope": (low, high)}


def _error(found: np.ndarray, ends: tuple[Ends, Ends], dtype: str) -> float:
    """How far outside the ends, in ulps of the nearer one; nan is infinitely far."""
    got, (low, high) = np.ravel(found).astype(np.float64), map(np.array, ends)
    with np.errstate(invalid="ignore"):
        near = np.where(got < low, low, high)
        away = np.where((low <= got) & (got <= high), 0.0, abs(got - near) / balls.ulp(near, dtype))
    return float(np.nan_to_num(away, nan=np.inf, posinf=np.inf).max())


def _arrays(place: ExhibitPlace) -> tuple[np.ndarray, ...]:
    dtype = ml_dtypes.bfloat16 if place.dtype == "bfloat16" else place.dtype
    arrays = map(np.array, place.arrays)
    return tuple(array if array.dtype.kind == "i" else array.astype(dtype) for array in arrays)


def _ask(place: ExhibitPlace, oracles: Collection[str], rules: Mapping[str, Rule]) -> Answers:
    """Value and slope, by party that answers."""
    frameworks = [name for name in FRAMEWORKS if name in oracles]
    arrays = _arrays(place)
    if place.exact is not None:
        return _ask_by_calls(place.calls, arrays[0], np.shape(place.exact(arrays[0])), frameworks)
    problem = replace(problem_of(place.rule, arrays, {}, arrays[0].dtype), rules=rules)
    answers = {SUBJECT: ask_subject(problem), **{name: ask_framework(name, problem) for name in frameworks}}
    first = problem.gradients[0]
    return {p: (a.tensors[OUTPUT], a.tensors[first]) for p, a in answers.items() if {OUTPUT, first} <= set(a.tensors)}


def _ask_by_calls(calls: Calls, x: np.ndarray, shape: Shape, frameworks: list[str]) -> Answers:
    """The same of a function that is none of our rules."""
    ways = {"torch": (torch_oracle.value_and_grad, calls[0]), "jax": (jax_oracle.whole_program, calls[1])}
    dy, found = np.ones(shape, x.dtype), {}
    for name in frameworks:
        ask, call = ways[name]
        try:
            value, grads = ask(_program(call), {"x": x}, dy, ("x",))
        except Unavailable:
            continue
        found[name] = np.asarray(value), np.asarray(grads["x"])
    return found


def _program(call: str) -> Callable[..., Any]:
    """The call as a function. It is read from the text that the page shows: what was asked is what a reader can run."""
    function = eval(f"lambda a: {call}", {"torch": torch, "F": F, "jax": jax, "jnp": jnp})
    return lambda apply, arrays: function(arrays["x"])
