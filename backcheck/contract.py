"""What holds for every rule, whatever it computes: checked here once, each promise with a verdict of its own.

untouched  forward leaves its arrays as they were; backward leaves its arrays, `saved` and dy
again      backward gives the same answer when it is called a second time
linear     backward is linear in dy: exactly so in exact arithmetic
form       one gradient for each array, of the array's shape and dtype, and none for integers
aliases    no result shares memory with an input, with `saved`, with dy, or with another result
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from backcheck.measure import Measure
from backcheck.problem import Problem
from backcheck.several import as_one, joined
from reference import exact
from reference.lazy import Unavailable
from reports.record import Verdict
from scratch_bp.network import Node, named
from scratch_bp.rules import Rule

PARTY = "contract"


def promises(problem: Problem, names: Iterable[str] = ()) -> Iterator[tuple[str, str, Measure]]:
    """(node, promise, verdict) for every node of a network, at the values it has in the subject's run.

    All promises, unless `names` says which.
    """
    values = dict(problem.arrays)
    for node in problem.network.nodes:
        rule, inputs = problem.rules[node.rule], [values[name] for name in node.reads]
        try:
            value = rule.forward(*inputs, **node.config)[0]
        except Exception:  # a forward that raises has its verdict already
            return
        values.update({name: np.asanyarray(part) for name, part in named(node.name, value).items()})
        for promise in names or PROMISES:
            dy = _cotangent(joined(value))
            yield node.name, promise, _verdict(PROMISES[promise], as_one(rule), node, inputs, dy)


def _cotangent(value: np.ndarray) -> np.ndarray:
    """A cotangent without symmetries: 1, 2, -3, 4, 5, -6, ..."""
    numbers = np.arange(1, value.size + 1)
    return np.where(numbers % 3 == 0, -numbers, numbers).reshape(value.shape).astype(value.dtype)


def _verdict(check: Callable[..., str], rule: Rule, node: Node, inputs: list[np.ndarray], dy: np.ndarray) -> Measure:
    try:
        said = check(rule, node.config, [each.copy() for each in inputs], dy)
    except Unavailable as reason:
        return Measure(Verdict.UNAVAILABLE, reason=str(reason))
    except Exception as error:  # anybody's code may raise anything, and then it keeps no promise
        said = f"raises {type(error).__name__}: {error}"
    if said:
        return Measure(Verdict.DISAGREE, reason=said)
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


def _linear(rule: Rule, config: Mapping[str, Any], inputs: list[np.ndarray], dy: np.ndarray) -> str:
    with exact.bits(exact.LADDER[0][0]):
        lifted, one = [exact.lift(each) for each in inputs], exact.lift(dy)
        other = exact.lift(dy[::-1] if dy.ndim else dy)
        try:
            _, saved = rule.forward(*lifted, **config)
            # one forward serves, unless backward spoils what it saved: then each call gets its own
            if _adds(lambda cotangent: rule.backward(saved, cotangent), one, other):
                return ""
            linear = _adds(lambda cotangent: rule.backward(rule.forward(*lifted, **config)[1], cotangent), one, other)
        except Unavailable:
            raise
        except Exception as error:  # code that floats suit and exact numbers do not
            raise Unavailable(f"on exact numbers it raises {type(error).__name__}: {error}") from error
    return "" if linear else "backward is not linear in dy"


def _adds(pull: Callable[[np.ndarray], tuple[Any, ...]], one: np.ndarray, other: np.ndarray) -> bool:
    """Is the answer for 3 one + 5 other three times the first and five times the second, exactly?"""
    cotangents = (3 * one + 5 * other, one, other)
    answers = [[np.asarray(g, dtype=object) for g in pull(dy) if g is not None] for dy in cotangents]
    for together, a, b in zip(*answers, strict=True):
        exact.require_exact("a gradient", together)
        parts = np.asarray(3 * a + 5 * b, dtype=object)
        if not all(x.overlaps(y) for x, y in zip(together.ravel().tolist(), parts.ravel().tolist(), strict=True)):
            return False
    return True


def _form(rule: Rule, config: Mapping[str, Any], inputs: list[np.ndarray], dy: np.ndarray) -> str:
    _, saved = rule.forward(*inputs, **config)
    grads = rule.backward(saved, dy)
    if len(grads) != len(inputs):
        return f"backward returns {len(grads)} gradients for {len(inputs)} arrays"
    for number, (array, grad) in enumerate(zip(inputs, grads, strict=True), start=1):
        if array.dtype.kind in "iub":
            if grad is not None:
                return f"backward returns a gradient for array {number}, which holds integers"
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


def _arrays(saved: Any) -> Iterator[np.ndarray]:
    """The arrays anywhere within what forward saved."""
    if isinstance(saved, np.ndarray):
        yield saved
    elif isinstance(saved, Mapping):
        for each in saved.values():
            yield from _arrays(each)
    elif isinstance(saved, list | tuple):
        for each in saved:
            yield from _arrays(each)


def _same(before: list[np.ndarray], after: list[np.ndarray]) -> bool:
    """Bit for bit the same, NaN like NaN."""
    return len(before) == len(after) and all(
        a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
        for a, b in zip(before, after, strict=True)
    )
