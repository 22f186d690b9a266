"""Gradients that are not the derivative, and are what people publish on purpose: named, with the line that declares it.

A straight-through estimator, gradient reversal, clipping, the surrogate gradient of a spike: nothing tells one from a
mistake but its author's word. So the verdict stays what it is, and the line to add is said. A name is given only where
it reproduces the gradient in every entry, with more entries than it has free numbers.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backcheck.diagnosis.faults.words import roundest
from backcheck.keys import TensorKey
from backcheck.problem import SUBJECT, Problem
from backcheck.subjects.pairs.meant import Meant
from backcheck.subjects.result.chance import draws_anew
from backcheck.subjects.result.intent import intended
from backcheck.subjects.subject import Subject
from backcheck.verdicts.check import Checked
from backcheck_reference.derivatives import judgement
from backcheck_reference.numbers import exact

SAID = "the gradient by {} is that of {}; if that is what you mean, declare it: meant={}"
BESIDE = 2.0**-16  # how far beside the arrays a staircase is looked at, relative to them
FEWEST = 3  # entries that a name with free numbers must reproduce
CLOSE = {"float64": 1e-11, "float32": 1e-4}  # relative: the rounding of a formula of a few operations
WIDTHS = (0.25, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 8.0, 10.0, 20.0, 25.0, 50.0, 100.0)  # slopes that people take
OF_PI = {np.pi: "np.pi", np.pi / 2: "np.pi / 2", 2 * np.pi: "2 * np.pi"}


@dataclass(frozen=True, slots=True)
class KnownIntent:
    """What it is called, and its declaration in source text. `meant` is the same as an object."""

    name: str
    text: str
    meant: Any


@dataclass(frozen=True, slots=True)
class Elementwise:
    """A gradient that may be a slope for each entry: `slope` is got / dy where dy is not zero, `x` the entries there.

    `flat` says that the forward has no slope of its own there, `identity` that it returns its input.
    """

    x: np.ndarray
    value: np.ndarray
    slope: np.ndarray
    truth: np.ndarray
    close: float
    flat: bool
    identity: bool


def named(subject: Subject, checked: Checked) -> str:
    """The known thing that a wrong gradient is, with the line to add; empty where it is none."""
    if subject.code.intent is not None or draws_anew(checked) or checked.problem.dtype not in CLOSE:
        return ""
    try:
        return _named(subject, checked)
    except Exception:  # somebody's code at other arrays; the verdict needs no name
        return ""


def _named(subject: Subject, checked: Checked) -> str:
    wrong = dict.fromkeys(key for key, party in checked.disagreements if party in (SUBJECT, "exact"))
    for key in wrong:
        truth = _truth(checked, key) if key in checked.problem.gradients else None
        if truth is None or key not in checked.answers[SUBJECT].tensors:
            continue
        for known in itertools.chain(_of_entries(checked, key, truth), _of_cotangents(checked, key, truth)):
            if _proved(subject, checked, known):
                text = known.text.replace("np.", {"torch": "torch.", "jax": "jnp."}.get(subject.code.kind, "np."))
                return SAID.format(key, known.name, text)
    return ""


def _truth(checked: Checked, key: TensorKey) -> np.ndarray | None:
    """The true gradient; zeros where the forward is constant beside the arrays; None where it is not known."""
    if key in checked.truth.known:
        return checked.truth.known[key].hi
    problem = checked.problem
    x = problem.arrays[key.name]
    values = [problem.function({**problem.arrays, key.name: x + step * (1 + abs(x))}) for step in (0, -BESIDE, BESIDE)]
    return np.zeros(x.shape) if all(np.array_equal(values[0], each) for each in values) else None


def _proved(subject: Subject, checked: Checked, known: KnownIntent) -> bool:
    """Is the gradient exactly that, by the declaration's own text?"""
    try:
        own = replace(subject, code=replace(subject.code, kind="pair").declared(known.meant))
        problem = intended(own, checked.problem)[1]
        arrays = {name: exact.lift(array) for name, array in problem.arrays.items()}
        judged = judgement.judge(problem.function, problem.vjp, arrays, exact.lift(problem.dy), problem.wanted)
        return judged.right or judged.residual <= exact.FLOAT_CONSTANTS
    except Exception:  # the declaration does not fit this code
        return False


def _of_entries(checked: Checked, key: TensorKey, truth: np.ndarray) -> Iterator[KnownIntent]:
    """Names for a gradient that is the cotangent times a slope, entry by entry."""
    seen = _elementwise(checked, key, truth)
    if seen is not None:
        yield from _constant_slope(seen)
        yield from _window(seen)
        if seen.flat and seen.slope.size >= FEWEST:
            for centre in _centres(seen):
                yield from _surrogates(replace(seen, x=seen.x - centre), centre)


def _elementwise(checked: Checked, key: TensorKey, truth: np.ndarray) -> Elementwise | None:
    problem = checked.problem
    x, dy = problem.arrays[key.name].astype(np.float64), problem.dy.astype(np.float64)
    got = checked.answers[SUBJECT].tensors[key].astype(np.float64)
    some = dy != 0
    if x.shape != dy.shape or not np.any(some) or not np.isfinite(got).all():
        return None
    value = np.asarray(problem.function(problem.arrays)).astype(np.float64)
    own = truth[some] / dy[some]
    close = CLOSE[problem.dtype]
    identity = bool(np.array_equal(x, value)) and bool(np.all(abs(own - 1) <= close))
    return Elementwise(x[some], value[some], got[some] / dy[some], own, close, not np.any(truth), identity)


def _same(a: Any, b: Any, close: float) -> bool:
    return bool(np.all(abs(a - b) <= close * np.maximum(abs(a), abs(b)).max(initial=0.0)))


def _constant_slope(seen: Elementwise) -> Iterator[KnownIntent]:
    by = float(seen.slope.flat[0])
    if not _same(seen.slope, by, seen.close):
        return
    # a forward that is itself in some entries and flat in the others, such as a clamp
    passed_on = bool(np.all((seen.truth == 0) | (abs(seen.truth - 1) <= seen.close)))
    by = float(f"{by:.9g}")
    if by == 1 and passed_on:
        yield KnownIntent("a straight-through estimator", "lambda x: x", lambda x: x)
    elif by == 0 and seen.identity:
        yield KnownIntent("a stopped gradient", "lambda x: 0 * x", lambda x: 0 * x)
    elif seen.identity and seen.slope.size >= 2:
        name = f"gradient reversal, by {-by:g}" if by < 0 else f"a gradient scaled by {by:g}"
        yield KnownIntent(name, f"lambda x: {by!r} * x", lambda x: by * x)


def _window(seen: Elementwise) -> Iterator[KnownIntent]:
    """One slope inside of an interval, and none outside: a clipped straight-through estimator, a rectangle."""
    inside = seen.slope != 0
    if not np.any(inside) or np.all(inside) or seen.slope.size < FEWEST or not (seen.flat or _is_clamp(seen)):
        return
    by, x = float(f"{seen.slope[inside].flat[0]:.9g}"), seen.x
    if not _same(seen.slope[inside], by, seen.close):
        return
    for low, high in _ends(x[inside], x[~inside]):
        name = "a straight-through estimator inside of a window"
        name = name if by == 1 else "a rectangular surrogate of a step"
        text = f"np.clip(x, {low!r}, {high!r})"
        text = f"lambda x: {text}" if by == 1 else f"lambda x: {by!r} * {text}"
        yield KnownIntent(name, text, _clipped(by, low, high))


def _is_clamp(seen: Elementwise) -> bool:
    return bool(np.all((seen.truth == 0) | (abs(seen.truth - 1) <= seen.close)))


def _clipped(by: float, low: float, high: float) -> Callable[[Any], Any]:
    return lambda x: by * np.clip(x, low, high)


def _ends(inside: np.ndarray, outside: np.ndarray) -> Iterator[tuple[float, float]]:
    """Round ends of an interval that parts the numbers so, those that are symmetric first."""
    most, least = abs(inside).max(), abs(outside).min()
    if most < least:
        end = roundest(most, least)
        yield -end, end
    above, below = outside[outside > inside.max()], outside[outside < inside.min()]
    if above.size + below.size == outside.size and above.size and below.size:
        yield -roundest(-inside.min(), -below.max()), roundest(inside.max(), above.min())


def _centres(seen: Elementwise) -> Iterator[float]:
    """Where the step may be: at zero, at a round number between the two sides of the value."""
    yield 0.0
    sides = np.unique(seen.value)
    if sides.size == 2:
        low, high = seen.x[seen.value == sides[0]].max(), seen.x[seen.value == sides[1]].min()
        if low < high:
            yield from dict.fromkeys((roundest(low, high), 0.5, 1.0))


def _surrogates(seen: Elementwise, centre: float) -> Iterator[KnownIntent]:
    """The surrogate gradients that spiking networks use, as functions of the distance from the threshold."""
    at = "x" if centre == 0 else f"(x - {centre!r})"
    yield from _triangle(seen, centre, at)
    for width, shown in (*((w, repr(w)) for w in WIDTHS), *OF_PI.items()):
        for name, slope, function, text in FAMILIES:
            shape = slope(width * seen.x)
            top = int(np.argmax(abs(seen.slope)))
            by = seen.slope.flat[top] / shape.flat[top]
            if by and _same(seen.slope, by * shape, seen.close):
                scale, factor = _scale(by / width)
                whole = f"lambda x: {factor}" + text.format(f"{shown} * {at}")
                yield KnownIntent(f"a surrogate of a step ({name})", whole, _of_family(function, scale, width, centre))


def _scale(by: float) -> tuple[float, str]:
    """A factor in few digits, and in source text; one over pi as such."""
    for unit, shown in ((1.0, ""), (np.pi, " / np.pi")):
        short = float(f"{by * unit:.6g}")
        if abs(short - by * unit) <= 1e-10 * abs(short):
            return short / unit, "" if short == 1 and not shown else f"{short!r}{shown} * "
    return by, f"{by!r} * "


def _of_family(function: Callable[[Any], Any], scale: float, width: float, centre: float) -> Callable[[Any], Any]:
    return lambda x: scale * function(width * (x - centre))


FAMILIES: tuple[tuple[str, Callable[[Any], Any], Callable[[Any], Any], str], ...] = (
    (
        "the sigmoid's slope",
        lambda u: 1 / (2 + np.exp(u) + np.exp(-u)),
        lambda u: 1 / (1 + np.exp(-u)),
        "1 / (1 + np.exp(-({})))",
    ),
    ("fast sigmoid", lambda u: 1 / (1 + abs(u)) ** 2, lambda u: u / (1 + abs(u)), "(lambda u: u / (1 + abs(u)))({})"),
    ("the arctangent's slope", lambda u: 1 / (1 + u * u), np.arctan, "np.arctan({})"),
)


def _triangle(seen: Elementwise, centre: float, at: str) -> Iterator[KnownIntent]:
    """height * max(0, 1 - |u| / width)."""
    distance, some = abs(seen.x), seen.slope > 0
    far = np.unique(distance[some])
    if far.size < 2 or np.any(seen.slope < 0) or int(some.sum()) < FEWEST:
        return
    ends = [float(seen.slope[some][np.argmin(abs(distance[some] - at_))]) for at_ in (far[0], far[-1])]
    fall = (ends[0] - ends[1]) / (far[-1] - far[0])
    height = ends[0] + fall * far[0]
    if fall <= 0 or not _same(seen.slope, np.maximum(0, height - fall * distance), 1e3 * seen.close):
        return
    height, width = float(f"{height:.9g}"), float(f"{height / fall:.9g}")

    def meant(x: Any) -> Any:
        v = np.clip(x - centre, -width, width)
        return height * (v - v * abs(v) / (2 * width))

    inner = f"(lambda v: {height!r} * (v - v * abs(v) / (2 * {width!r})))(np.clip({at}, -{width!r}, {width!r}))"
    yield KnownIntent("a surrogate of a step (triangle)", f"lambda x: {inner}", meant)


def _of_cotangents(checked: Checked, key: TensorKey, want: np.ndarray) -> Iterator[KnownIntent]:
    """Names for a gradient whose cotangent was changed on its way."""
    problem, got = checked.problem, checked.answers[SUBJECT].tensors[key].astype(np.float64)
    dy, close = problem.dy.astype(np.float64), CLOSE[problem.dtype]
    if _is_deaf(problem, key.name):
        yield KnownIntent(
            "a backward that takes no notice of its cotangent",
            "backcheck.Meant(cotangent=np.ones_like)",
            Meant(cotangent=np.ones_like),
        )
    if got.shape != dy.shape or not _same(want, dy, close) or got.size < 2:
        return
    most = float(f"{abs(got).max(initial=0.0):.9g}")
    if np.any(abs(want) > most) and _same(got, np.clip(want, -most, most), close):
        yield KnownIntent(
            "a cotangent clipped by value",
            f"backcheck.Meant(cotangent=lambda dy: np.clip(dy, -{most!r}, {most!r}))",
            Meant(cotangent=lambda dy: np.clip(dy, -most, most)),
        )
    norm = float(np.linalg.norm(got))
    end = float(f"{norm:.3g}")
    scaled = _same(got * np.linalg.norm(dy), dy * norm, close)
    if scaled and abs(norm - end) <= 10 * close * norm and np.linalg.norm(dy) > end:
        yield KnownIntent(
            "a cotangent clipped by its norm",
            f"backcheck.Meant(cotangent=lambda dy: dy * min(1, {end!r} / np.linalg.norm(dy)))",
            Meant(cotangent=lambda dy: dy * min(1, end / np.linalg.norm(dy))),
        )


def _is_deaf(problem: Problem, name: str) -> bool:
    once, doubled = (problem.vjp(problem.arrays, factor * problem.dy)[1][name] for factor in (1, 2))
    return bool(np.array_equal(once, doubled)) and bool(np.any(once))
