"""Promises that every rule makes, whatever it computes. Each promise has a verdict of its own.

untouched  forward leaves its arrays as they were; backward leaves its arrays, `saved` and dy
again      backward gives the same answer when it is called a second time
linear     backward is linear in dy: exactly so in exact arithmetic
form       one gradient for each array, of the array's shape and dtype, and none for integers; where an array is fixed
           there may be none
aliases    no result shares memory with an input, with `saved`, with dy, or with another result
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from backcheck.array_bits import bits
from backcheck.keys import TensorKey, promise
from backcheck.outputs import as_one, joined
from backcheck.problem import Problem
from backcheck.verdicts.measure import Measure
from backcheck_reference.derivatives import along
from backcheck_reference.lazy import Unavailable, flint
from backcheck_reference.numbers import exact
from backcheck_reports import record
from backcheck_reports.number_format import counted
from backcheck_reports.record import Verdict
from scratch_bp.network import Node, named
from scratch_bp.rules import Rule

PARTY = record.CONTRACT
NOT_LINEAR = "backward is not linear in dy"
NOT_FOR_ANOTHER = f"{NOT_LINEAR}: right for the given one, it is wrong for another"
MOST = 65_000  # float16 holds no larger numbers
# Many entries are changed by these, over again: all of them, either way, and to far larger and smaller ones. There are
# along.SHARES of them.
FACTORS, MANY = (-2.0, 4.0, 1024.0, -65536.0, 0.125), 64


Backward = Callable[[np.ndarray], tuple[Any, ...]]


class Pull(NamedTuple):
    """One call of a backward on exact numbers: what it was given, and its answer."""

    saved: Any
    dy: np.ndarray
    grads: tuple[Any, ...]


def noting(problem: Problem) -> tuple[Problem, list[Pull]]:
    """The problem of one node, and a list in which its first backward call on exact numbers is noted."""
    (node,) = problem.network.nodes
    rule, noted = problem.rules[node.rule], list[Pull]()

    def backward(saved: Any, dy: np.ndarray) -> tuple[Any, ...]:
        grads = rule.backward(saved, dy)
        if not noted and dy.dtype == object and flint.ctx.prec == exact.LADDER[0][0]:
            noted.append(Pull(saved, dy, grads))
        return grads

    return replace(problem, rules={**problem.rules, node.rule: Rule(rule.forward, backward)}), noted


def promises(
    problem: Problem, names: Iterable[str] = (), noted: Iterable[Pull] = (), slopes: along.Slopes | None = None
) -> Iterator[tuple[TensorKey, Measure]]:
    """(promise, verdict) for every node of a network, at the values it has in the subject's run.

    `names` says which promises; all unless given. For a network of one node, `noted` may hold a backward call that was
    made already, and `slopes` the slopes that showed its gradients right: both save calls.
    """
    # as `as_one` would have it: the subjects whose calls are noted have one output
    known = next((pull._replace(saved=(None, pull.saved)) for pull in noted), None)
    values = dict(problem.arrays)
    for node in problem.network.nodes:
        rule, inputs = problem.rules[node.rule], [values[name] for name in node.reads]
        arrays = problem.network.arrays
        fixed = {at for at, name in enumerate(node.reads) if name in arrays and not problem.network.moves(name)}
        try:
            value = rule.forward(*inputs, **node.config)[0]
        except Exception:  # a forward that raises has its verdict already
            return
        values.update({name: np.asanyarray(part) for name, part in named(node.name, value).items()})
        for name in names or PROMISES:
            check = PROMISES[name]
            if name == "linear":
                # where so many entries are all not zero, one more cotangent is a full test
                many = problem.dy.size >= MANY and bool(problem.dy.all())
                follows = partial(_follow, node.reads, slopes) if slopes is not None and many else None
                check = partial(_linear, known=known, follows=follows)
            if name == "form":
                check = partial(_form, fixed=fixed)
            yield (
                promise(name, node.name),
                _verdict(check, as_one(rule), node, inputs, cotangent(joined(value)), BROKEN[name]),
            )


def cotangent(value: np.ndarray) -> np.ndarray:
    """A cotangent without symmetries: 1, 2, -3, 4, 5, -6, ..."""
    numbers = np.arange(value.size) % MOST + 1
    return np.where(numbers % 3 == 0, -numbers, numbers).reshape(value.shape).astype(value.dtype)


def _verdict(
    check: Callable[..., str], rule: Rule, node: Node, inputs: list[np.ndarray], dy: np.ndarray, verdict: Verdict
) -> Measure:
    """`verdict` is that of the promise where it is broken."""
    try:
        said = check(rule, node.config, [each.copy() for each in inputs], dy)
    except Unavailable as reason:
        return Measure(Verdict.UNAVAILABLE, reason=str(reason))
    except Exception as error:  # anybody's code may raise anything, and then it keeps no promise
        return Measure(Verdict.DISAGREE, reason=f"raises {type(error).__name__}: {error}")
    if said:
        return Measure(verdict, reason=said)
    return Measure(Verdict.AGREE, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def _untouched(rule: Rule, config: Mapping[str, Any], inputs: list[np.ndarray], dy: np.ndarray) -> str:
    before = [each.copy() for each in inputs]
    _, saved = rule.forward(*inputs, **config)
    if not _same(before, inputs):
        return "forward writes into one of its arrays"
    kept, own = [each.copy() for each in _arrays(saved)], dy.copy()
    rule.backward(saved, dy)
    if not _same(before, inputs):
        return "backward writes into one of the arrays that forward was given"
    if not _same(kept, list(_arrays(saved))):
        return "backward writes into what forward saved"
    return "" if _same([own], [dy]) else "backward writes into dy"


def _again(rule: Rule, config: Mapping[str, Any], inputs: list[np.ndarray], dy: np.ndarray) -> str:
    _, saved = rule.forward(*inputs, **config)
    first = [None if g is None else np.array(g) for g in rule.backward(saved, dy.copy())]
    second = rule.backward(saved, dy.copy())
    same = len(first) == len(second) and all(
        (a is None) == (b is None) and (a is None or _same([a], [np.asarray(b)]))
        for a, b in zip(first, second, strict=True)
    )
    return "" if same else "a second call of backward gives another answer than the first"


def _linear(
    rule: Rule,
    config: Mapping[str, Any],
    inputs: list[np.ndarray],
    dy: np.ndarray,
    known: Pull | None = None,
    follows: Callable[[Backward, np.ndarray], bool | None] | None = None,
) -> str:
    def anew(dy: np.ndarray) -> tuple[Any, ...]:
        return rule.backward(rule.forward(*map(exact.lift, inputs), **config)[1], dy)

    with exact.bits(exact.LADDER[0][0]):
        try:
            # where slopes are known one call of backward is enough
            if known is not None and follows is not None:
                if follows(partial(rule.backward, known.saved), known.dy):
                    return ""
                # what backward spoils of what was saved is no matter of linearity
                if follows(anew, known.dy) is False:
                    return NOT_FOR_ANOTHER
            # the answer for one cotangent may be there already, and then two calls of backward are enough
            if known is not None and _differ(known.dy, dy):
                again = partial(rule.backward, known.saved)
                if _adds(again, known.dy, exact.lift(-5.0 * dy.astype(np.float64)), known.grads):
                    return ""
            # with the sign turned around no half of dy can go unnoticed, as where backward looks at abs(dy)
            one = exact.lift(dy)
            other = exact.lift(-5.0 * np.flip(dy).astype(np.float64))
            _, saved = rule.forward(*map(exact.lift, inputs), **config)
            # one forward serves, unless backward spoils what it saved: then each call gets its own
            linear = _adds(partial(rule.backward, saved), one, other) or _adds(anew, one, other)
        except Unavailable:
            raise
        except Exception as error:  # code that floats suit and exact numbers do not
            raise Unavailable(f"on exact numbers it raises {type(error).__name__}: {error}") from error
    return "" if linear else NOT_LINEAR


def _follow(names: Sequence[str], slopes: along.Slopes, pull: Backward, dy: np.ndarray) -> bool | None:
    """Is the gradient for another cotangent right too? The slopes that showed it right for `dy` tell."""
    with exact.bits(slopes.step + along.GUARD):
        factors = np.resize(exact.lift(np.array(FACTORS)), dy.shape)
        grads = dict(zip(names, pull(dy * factors), strict=True))
    return None if any(grads[name] is None for name in slopes.moves) else slopes.follows(grads, FACTORS)


def _differ(known: np.ndarray, dy: np.ndarray) -> bool:
    """Are the two cotangents independent, and without a zero behind which a fault could hide?"""
    if known.shape != dy.shape:
        return False
    ratio = exact.to_float(known) / dy.astype(np.float64)
    return bool(ratio.all()) and (dy.size < 2 or bool(np.ptp(ratio) > 0))


def _adds(pull: Backward, one: np.ndarray, other: np.ndarray, known: tuple[Any, ...] | None = None) -> bool:
    """Is pull(one + other) = pull(one) + pull(other), exactly?

    `known` is pull(one), where it was computed before.
    """
    given = (pull(one + other), pull(one) if known is None else known, pull(other))
    answers = [[np.asarray(g, dtype=object) for g in grads if g is not None] for grads in given]
    for together, a, b in zip(*answers, strict=True):
        exact.require_exact("a gradient", together)
        exact.require_finite("a gradient", together)
        parts = np.asarray(a + b, dtype=object)
        if together.shape != parts.shape or not exact.overlap(together, parts):
            return False
    return True


def _form(
    rule: Rule, config: Mapping[str, Any], inputs: list[np.ndarray], dy: np.ndarray, fixed: Container[int] = ()
) -> str:
    _, saved = rule.forward(*inputs, **config)
    grads = rule.backward(saved, dy)
    if len(grads) != len(inputs):
        return f"backward returns {counted(len(grads), 'gradient')} for {counted(len(inputs), 'array')}"
    for number, (array, grad) in enumerate(zip(inputs, grads, strict=True), start=1):
        if array.dtype.kind in "iub":
            if grad is not None:
                return f"backward returns a gradient for array {number}, which holds integers"
            continue
        if grad is None and number - 1 in fixed:
            continue
        found = np.asarray(grad)
        if grad is None or found.shape != array.shape or found.dtype != array.dtype:
            wanted = f"{array.dtype}{list(array.shape)}"
            return f"gradient {number} is {found.dtype}{list(found.shape)}, expected {wanted}"
    return ""


def _aliases(rule: Rule, config: Mapping[str, Any], inputs: list[np.ndarray], dy: np.ndarray) -> str:
    value, saved = rule.forward(*inputs, **config)
    if any(np.shares_memory(value, each) for each in inputs):
        return "the value shares memory with an array that forward was given"
    grads = [g for g in rule.backward(saved, dy) if isinstance(g, np.ndarray) and g.size]
    for number, grad in enumerate(grads):
        if any(np.shares_memory(grad, each) for each in inputs):
            return "a gradient shares memory with an array that forward was given"
        if np.shares_memory(grad, dy) or any(np.shares_memory(grad, each) for each in _arrays(saved)):
            return "a gradient shares memory with dy or with what forward saved"
        if any(np.shares_memory(grad, other) for other in grads[:number]):
            return "two gradients share memory"
    return ""


PROMISES: Mapping[str, Callable[..., str]] = {
    "untouched": _untouched,
    "again": _again,
    "linear": _linear,
    "form": _form,
    "aliases": _aliases,
}

# what a broken promise is called
BROKEN: Mapping[str, Verdict] = {
    "untouched": Verdict.SIDE_EFFECT,
    "again": Verdict.SIDE_EFFECT,
    "linear": Verdict.DISAGREE,
    "form": Verdict.SHAPE,
    "aliases": Verdict.SIDE_EFFECT,
}


def _arrays(saved: Any) -> Iterator[np.ndarray]:
    """All arrays inside what forward saved, however nested."""
    if isinstance(saved, np.ndarray):
        yield saved
    elif isinstance(saved, Mapping):
        for each in saved.values():
            yield from _arrays(each)
    elif isinstance(saved, list | tuple):
        for each in saved:
            yield from _arrays(each)


def _same(before: list[np.ndarray], after: list[np.ndarray]) -> bool:
    """Are all arrays the same bit for bit? NaN equals NaN."""
    return len(before) == len(after) and all(
        a.shape == b.shape and a.dtype == b.dtype and bits(a) == bits(b) for a, b in zip(before, after, strict=True)
    )
