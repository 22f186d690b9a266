"""Do the subject and a framework compute the same function, also where they happen to give the same value?

At x = 0 a wrong forward is often right, and its derivative is not. Then the framework that answers rightly for its own
function must not be judged by the derivative of another one. So the two values are compared at points nearby.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from backcheck.keys import OUTPUT
from backcheck.problem import Problem
from backcheck.verdicts.measure import Measure, measure
from backcheck.verdicts.parties import Answer, ask_framework
from backcheck.verdicts.truth import truth as truths
from backcheck.verdicts.truth.truth import Truth
from backcheck_reports.number_format import apart
from backcheck_reports.record import Verdict

Excused = Callable[[Problem, str, Answer, Truth, Measure], bool]
NEARBY = (2.0**-6, 0.5)  # how far the entries are moved, as a part of their size and of 1


def elsewhere(problem: Problem, name: str, excused: Excused) -> str:
    """Where the framework's value is another than the subject's, in words; empty where none is found.

    `excused` says of a value that is off whether that is no sign of another function.
    """
    for moved in _nearby(problem):
        answer = ask_framework(name, moved)
        value = answer.tensors.get(OUTPUT)
        if value is None or not np.isfinite(value.astype(np.float64)).all():  # what is no number is no other function
            continue
        truth = truths.quick(moved)
        if OUTPUT not in truth.known:
            continue
        found = measure(moved, name, answer, truth, OUTPUT)
        if found.verdict is Verdict.DISAGREE and not excused(moved, name, answer, truth, found):
            at = f" at {list(found.index)}" if found.index else ""
            inputs = ", ".join(f"{n} = {_shown(moved.arrays[n])}" for n in moved.wanted if moved.arrays[n].size < 5)
            where = f" for {inputs}" if inputs else " a little beside these arrays"
            own, theirs = apart(found.want, found.got)
            return f"{own}{at} against its {theirs}{where}"
    return ""


def _nearby(problem: Problem) -> Iterator[Problem]:
    rng = np.random.Generator(np.random.PCG64(0))
    for by in NEARBY:
        arrays = dict(problem.arrays)
        for name in problem.wanted:
            x = arrays[name].astype(np.float64)
            away = by * rng.uniform(0.5, 1.0, x.shape) * rng.choice((-1.0, 1.0), x.shape) * (1 + abs(x))
            # three digits, since people read them
            arrays[name] = np.asarray(np.round(x + away, 3)).astype(problem.arrays[name].dtype)
        yield replace(problem, arrays=arrays)


def _shown(array: np.ndarray) -> str:
    return str(np.round(array.astype(np.float64), 3).tolist())
