"""What exact arithmetic says of code with many entries, in the part that it was asked about."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from backcheck.keys import TensorKey
from backcheck.problem import SUBJECT
from backcheck.subjects.full_size.balls import RuleOnBalls
from backcheck.subjects.full_size.part import Part
from backcheck.verdicts.check import Checked
from backcheck.verdicts.measure import Key, Measure, fractions
from backcheck.verdicts.truth.tolerance import Known
from backcheck_reports.record import Verdict

SETTLED = (Verdict.AGREE, Verdict.VACUOUS)
# what the ordinary check of a part may say beside a whole that agrees: its tensors have other sizes
OF_PART = (*SETTLED, Verdict.IMPRECISE, Verdict.ILL_CONDITIONED, Verdict.OUT_OF_RANGE, Verdict.UNAVAILABLE)
IN_DOUBLE = 2.0**-28  # of what rounding in float32 explains: the truth's own share in float64, and the rule's
NONE = "none of its entries was proved exactly"


def is_confirmed(found: Checked, part: Part | str) -> bool:
    """Is the truth of balls seen by somebody else too: by differences of the forward, or exactly in a part?"""
    of_differences = [m.verdict for (_, party), m in found.measures.items() if party == "differences"]
    by_differences = bool(of_differences) and all(verdict in SETTLED for verdict in of_differences)
    return by_differences or (isinstance(part, Part) and part.is_same)


def wrong_exactly(found: Checked, part: Part | str) -> list[TensorKey]:
    """The gradients of which exact arithmetic says in the part that they are wrong, whatever rounding hides of it."""
    if isinstance(part, str) or part.check.verdict is not Verdict.DISAGREE:
        return []
    exact = {key: part.check.measures.get((key, "exact")) for key in found.problem.gradients}
    return [key for key, each in exact.items() if each is not None and each.verdict is Verdict.DISAGREE]


def is_the_rule_right(found: Checked, part: Part | str, rule: RuleOnBalls | None) -> bool:
    """Is there no doubt of the rule itself, whose faults may be smaller than what rounding in its dtype explains?

    Exact arithmetic says so for a part; where there is none, the rule in float64 is the derivative in float64.
    """
    exact: Mapping[Key, Measure] = {}
    if isinstance(part, Part):
        exact = part.check.measures
        # what is written into is seen of the whole as well
        may_be = (*OF_PART, Verdict.SIDE_EFFECT) if part.check.subject.seen.behaviour.writes else OF_PART
        if part.check.verdict not in may_be or any(m.verdict is Verdict.DISAGREE for m in exact.values()):
            return False
    gradients = found.problem.gradients
    left = [key for key in gradients if (key, "exact") not in exact or exact[key, "exact"].verdict not in SETTLED]
    if found.problem.dtype == "float64" or not left:
        return True
    return rule is not None and all(_is_right_in_double(found.truth.known[key], rule.gradients[key]) for key in left)


def _is_right_in_double(known: Known, got: np.ndarray) -> bool:
    """Is a gradient that was computed in float64 as near to the truth as rounding there explains?"""
    double = replace(known, allowed=known.allowed * IN_DOUBLE)
    return bool(fractions(got, double)[0].max(initial=0.0) <= 1)


def proved(found: Checked, part: Part | str) -> dict[TensorKey, int]:
    """By gradient the number of entries whose exact truth is known."""
    if isinstance(part, str) or not part.is_same:
        return {}
    keys = [key for key in found.problem.gradients if key.name in part.names]
    return {key: exact.hi.size for key in keys if (exact := part.exact(key)) is not None}


def ruling(found: Checked, part: Part | str, key: TensorKey) -> Measure:
    """The verdict of exact arithmetic on one gradient."""
    if isinstance(part, str):
        return Measure(Verdict.UNAVAILABLE, reason=f"{NONE}: {part}")
    own, of_part = found.measures[key, SUBJECT], part.check.measures.get((key, "exact"))
    if of_part is not None and of_part.verdict is Verdict.DISAGREE:
        return replace(of_part, reason=f"exact arithmetic was asked of {part.words} alone")
    if own.verdict is Verdict.DISAGREE:
        return Measure(Verdict.UNAVAILABLE, reason=f"it was asked of {part.words} alone, and there it finds no fault")
    exact = part.exact(key) if key in proved(found, part) else None
    if exact is None:
        why = "all rows add up in it" if key.name not in part.names else part.check.checked.truth.why
        return Measure(Verdict.UNAVAILABLE, reason=f"{NONE}: {why}")
    return _against(exact, found, part, key)


def _against(exact: Known, found: Checked, part: Part, key: TensorKey) -> Measure:
    """The answer's entries in the part against their exact truth."""
    known = found.truth.known[key]
    got, allowed = found.answers[SUBJECT].tensors[key][part.rows.here].astype(np.float64), known.allowed[part.rows.here]
    fraction, error = fractions(got, replace(exact, allowed=allowed))
    worst, most, scale = (float(error.max(initial=0.0)), float(allowed.max(initial=0.0)), known.scale)
    return replace(
        found.measures[key, SUBJECT],
        absolute=worst,
        relative=worst / scale if scale else worst,
        fraction=float(fraction.max(initial=0.0)),
        allowed=most,
        resolution=most / scale if scale else np.inf,
        reason=f"{exact.hi.size:,} of {known.hi.size:,} entries proved exactly",
    )
