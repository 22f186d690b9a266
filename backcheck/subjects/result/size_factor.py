"""One factor in every gradient, and it is a size: a sum for a mean, or 1/batch everywhere.

With a single gradient nothing tells such a convention from a mistake, and then none is assumed; nor with two that are
multiples of each other, as those of a squared error by the prediction and by the target. A factor 2 may be the
size of an axis, or the 2 of a square: it counts as a size only where it grows with the batch.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from backcheck.keys import TensorKey
from backcheck.problem import SUBJECT, Problem
from backcheck.subjects.arrays import is_integer
from backcheck.verdicts.check import Checked
from scratch_bp.network import Network

MOST_ARRAYS = 6  # that may or may not have the batch as their first axis
NO_SIZE = (2.0, 0.5)

Sizes = dict[str, float]


def common_factor(
    checked: Checked, wrong: Sequence[TensorKey], examine: Callable[[Problem], Checked], labels: frozenset[str] | None
) -> tuple[str, frozenset[str]] | None:
    """What the one factor is, in a sentence, and the sizes that it may be; None where there is no such factor.

    `labels` are the sizes that it was in other cases.
    """
    telling = _telling(checked)
    if _independent(checked, telling) < 2 or set(wrong) != set(telling):
        return None
    if labels is None and all(checked.truth.known[key].kink for key in telling):
        return None  # dy copied to both sides of every tie is twice the half, and no size
    fitting = {what: by for what, by in sizes_of(checked.problem).items() if _all_scaled(checked, telling, by)}
    if labels is None and fitting:
        fitting = _confirmed(checked, fitting, examine)
    if not fitting:
        return None
    what, by = next(iter(fitting.items()))
    said = f"every gradient is the derivative x {by:.6g}, {what}: a convention, kept in all {len(telling)}"
    return said, frozenset(fitting)


def _independent(checked: Checked, keys: Sequence[TensorKey]) -> int:
    """How many of the gradients are no multiple of another: those of a loss by p and by t in p - t are one, twice."""
    found: list[np.ndarray] = []
    for key in keys:
        flat = checked.truth.known[key].hi.ravel()
        unit = flat / np.linalg.norm(flat)
        rounding = (unit.size + 4) * np.finfo(np.float64).eps  # of the product of two unit vectors
        if not any(unit.size == other.size and abs(unit @ other) >= 1 - rounding for other in found):
            found.append(unit)
    return len(found)


def _telling(checked: Checked) -> list[TensorKey]:
    known = checked.truth.known
    return [key for key in checked.problem.gradients if key in known and known[key].scale > 0]


def sizes_of(problem: Problem) -> Sizes:
    """The factors that a convention may have, by what they are."""
    first = next(iter(problem.arrays.values()))
    named = [(n, f"the input's size along axis {axis}") for axis, n in enumerate(first.shape)]
    named += [(first.size, "the number of inputs"), (problem.dy.size, "the number of outputs")]
    found: Sizes = {}
    for size, what in named:
        if size > 1:
            found |= {what: float(size), f"1 / {what}": 1 / size}
    return found


def _all_scaled(checked: Checked, keys: Sequence[TensorKey], by: float) -> bool:
    return all(_scaled(checked, key, by) for key in keys)


def _scaled(checked: Checked, key: TensorKey, by: float) -> bool:
    known, got = checked.truth.known[key], checked.answers[SUBJECT].tensors[key].astype(np.float64)
    return bool(np.all(abs(got - by * known.hi) <= (1 + abs(by)) * known.allowed))


def _confirmed(checked: Checked, fitting: Sizes, examine: Callable[[Problem], Checked]) -> Sizes:
    """Those that are the factor with twice the batch as well. Where the code takes no other batch, all but a 2."""
    larger = next((found for found in map(examine, _with_twice_the_batch(checked.problem)) if _judged(found)), None)
    if larger is None:
        return {what: by for what, by in fitting.items() if by not in NO_SIZE}
    sizes, telling = sizes_of(larger.problem), _telling(larger)
    still = {what: by for what, by in fitting.items() if _all_scaled(larger, telling, sizes[what])}
    return {what: by for what, by in still.items() if by not in NO_SIZE or sizes[what] != by}


def _judged(found: Checked) -> bool:
    return len(_telling(found)) > 1 and set(_telling(found)) <= set(found.answers[SUBJECT].tensors)


def _with_twice_the_batch(problem: Problem) -> Iterator[Problem]:
    """The same with the first array twice as long, and others with it as far as the code asks for that."""
    first, *others = problem.arrays
    batch = problem.arrays[first].shape[:1]
    beside = [name for name in others if problem.arrays[name].shape[:1] == batch] if batch else []
    for count in range(len(beside) + 1) if batch and len(beside) <= MOST_ARRAYS else ():
        for chosen in itertools.combinations(beside, count):
            found = _doubled(problem, {first, *chosen})
            if found is not None:
                yield found


def _doubled(problem: Problem, names: set[str]) -> Problem | None:
    arrays = {name: _longer(array) if name in names else array for name, array in problem.arrays.items()}
    specs = {n: replace(spec, shape=arrays[n].shape) for n, spec in problem.network.arrays.items()}
    larger = replace(problem, network=Network(specs, problem.network.nodes, problem.network.output), arrays=arrays)
    try:
        value = larger.function(arrays)
    except Exception:  # these arrays do not go together
        return None
    drawn = np.random.Generator(np.random.PCG64(0)).uniform(0.5, 1.5, np.shape(value))
    return replace(larger, dy=np.asarray(drawn).astype(problem.dy.dtype))


def _longer(array: np.ndarray) -> np.ndarray:
    """Twice the array, the second time with other numbers."""
    other = array if is_integer(array) else (array * 0.75 + array[::-1] * 0.25).astype(array.dtype)
    return np.concatenate([array, other])
