"""A function whose values jump wherever one looks has no kinks: what looks like one is the noise of its computation.

An optimiser that ends where it cannot get further gives another last digit for every input. Its exact slopes grow as
the step shrinks, as those at a jump do, and at a jump no gradient is wrong. So a kink of somebody's code is believed
where the function is smooth beside it.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from backcheck.problem import SUBJECT, Problem
from backcheck.verdicts.check import Checked
from backcheck.verdicts.measure import Measure
from backcheck.verdicts.truth.tolerance import lifted
from backcheck_reference.derivatives import along
from backcheck_reports.record import Verdict

LOOKED, AWAY = 3, 2.0**-6  # points beside, and how far they are, as a part of an entry's size
EVERYWHERE = "its values jump at other points too: that is the noise of an iteration, and no kink to judge by"


def told_from_kinks(problem: Problem, checked: Checked) -> Checked:
    """The check with no kinks in it where there is one at every point that is looked at."""
    at_kink = [key for key in problem.gradients if checked.measures[key, SUBJECT].verdict is Verdict.KINK]
    noisy = {key for key in at_kink if any(_is_bent(beside, key.name) for beside in _beside(problem))}
    noise = Measure(Verdict.ILL_CONDITIONED, reason=EVERYWHERE)
    measures = {
        key: noise if m.verdict is Verdict.KINK and key[0] in noisy else m for key, m in checked.measures.items()
    }
    return replace(checked, measures=measures) if noisy else checked


def _beside(problem: Problem) -> Iterator[Problem]:
    rng = np.random.Generator(np.random.PCG64(0))
    for _ in range(LOOKED):
        arrays = dict(problem.arrays)
        for name in problem.wanted:
            x = arrays[name].astype(np.float64)
            away = AWAY * rng.uniform(0.5, 1.0, x.shape) * rng.choice((-1.0, 1.0), x.shape)
            arrays[name] = (x + away * np.maximum(abs(x), along.unit(x))).astype(arrays[name].dtype)
        yield replace(problem, arrays=arrays)


def _is_bent(problem: Problem, name: str) -> bool:
    """Is there a kink or a jump along this array at this point too?"""
    arrays, dy = lifted(problem)
    try:
        with np.errstate(all="ignore"):
            return along.is_bent(problem.function, arrays, dy, name)
    except Exception:  # what the code raises on exact numbers is known already
        return False
