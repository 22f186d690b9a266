"""The catalogue of faults, and the search through it.

A row is a kind and a test: given a wrong gradient, the test returns a sentence if this fault explains it exactly, and
None if not. The rows stand in the order of preference, what says most first; a kind may have several rows.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from backcheck.diagnosis.faults import (
    clamps,
    cotangent,
    form,
    gather,
    kinks,
    layout,
    norms,
    products,
    scale,
    slopes,
    softmaxes,
    terms,
)
from backcheck.diagnosis.faults.fit import kinks as at_kinks
from backcheck.diagnosis.faults.fit import looked_at, outside, right
from backcheck.diagnosis.faults.words import places
from backcheck.diagnosis.faults.wrong_gradient import Fault, Wrong

Test = Callable[[Wrong], str | None]
Row = tuple[str, Test]

# what can be said without looking at a number, so of empty arrays too
WORDS: tuple[Row, ...] = (
    ("raises", form.raises),
    ("mutated", form.mutated),
    ("dtype", form.dtype),
    ("shape", form.shape),
    ("malformed", form.malformed),
)

# what can be said of an answer that has the wrong form; all that follows needs two arrays of one shape
FORM: tuple[Row, ...] = (
    *WORDS[:3],
    ("swapped-arguments", form.swapped_shape),
    ("inverse-permutation", form.inverse_axes),
    ("transposed", form.transposed_shape),
    ("not-summed", form.not_summed),
    ("summed-too-far", form.over_summed),
    ("wrong-axis", form.if_misshapen(gather.wrong_axis)),
    ("padding", form.not_cropped),
    ("dropped", form.cut_short),
    *WORDS[3:],
    ("non-finite", form.non_finite),
)

# an answer in which every entry lies between the one-sided slopes can be wrong only as a whole
TIES: tuple[Row, ...] = (("ties", kinks.ties),)

VALUES: tuple[Row, ...] = (
    ("overwritten", gather.overwritten),
    ("missing-part", gather.missing_part),
    ("twice", scale.twice),
    ("twice", gather.part_twice),
    ("zero", scale.zero),
    ("wrong-kink", kinks.wrong_kink),
    *TIES,
    ("sign", scale.sign),
    ("rescaling", scale.rescaling),
    ("sum-for-mean", scale.sum_for_mean),
    ("mean-for-sum", scale.mean_for_sum),
    ("swapped-arguments", cotangent.swapped),
    ("ignores-cotangent", cotangent.ignores_cotangent),
    ("factor", scale.named_factor),
    ("ddof", scale.ddof),
    ("absolute", scale.absolute),
    ("inverse-permutation", layout.inverse_permutation),
    ("overwritten-index", gather.overwritten_index),
    ("index-ignored", gather.index_not_used),
    ("transposed", layout.arranged(layout.transpositions)),
    ("reversed", layout.arranged(layout.reversals)),
    ("rolled", layout.arranged(layout.rolls)),
    ("shifted", layout.arranged(layout.shifts, fitted=1)),
    ("reshaped", layout.arranged(layout.reshapes)),
    ("permuted", layout.permuted_slices),
    ("dropped", layout.dropped),
    ("strided", layout.strided),
    ("wrong-axis", gather.wrong_axis),
    ("one-row", gather.one_row),
    ("dropped-row", gather.dropped_row),
    ("collapsed", gather.collapsed),
    ("wrong-product", products.wrong_product),
    ("clamp-ignored", clamps.ignored),
    ("mask-ignored", kinks.masked),
    ("saturated", kinks.saturated),
    ("clipped", kinks.clipped),
    ("not-clipped", kinks.not_clipped),
    *((kind, norms.mistake(kind)) for kind in dict.fromkeys(row.kind for row in norms.MISTAKES)),
    ("sum-term", softmaxes.mistake("sum-term")),
    ("diagonal-only", softmaxes.mistake("diagonal-only")),
    ("gelu-form", slopes.mistaken("gelu-form")),
    ("slope-formula", slopes.mistaken("slope-formula")),
    ("input-for-value", slopes.mistaken("input-for-value")),
    ("option-ignored", cotangent.option_ignored),
    ("wrong-axis", cotangent.option_axis),
    ("eps-forgotten", cotangent.no_eps),
    ("eps-value", cotangent.other_eps),
    ("value-for-input", cotangent.value_for_input),
    ("applied-twice", cotangent.applied_twice),
    ("not-transposed", cotangent.not_transposed),
    ("missing-factor", terms.missing_factor),
    ("extra-factor", terms.extra_factor),
    ("passed-on", cotangent.passed_on),
    ("returns-array", cotangent.returns_array),
    ("low-precision", cotangent.low_precision),
    ("one-hot-term", terms.term("one-hot-term")),
    ("sum-term", terms.term("sum-term")),
    ("mean-term", terms.term("mean-term")),
    ("variance-term", terms.term("variance-term")),
    ("missing-term", terms.term("missing-term")),
    ("extra-term", terms.term("extra-term")),
    ("offset", cotangent.offset),
    ("perturbed", scale.perturbed),
    ("factor", scale.plain_factor),
    ("factor-per-slice", scale.factor_per_slice),
    ("sum-term", terms.along_the_output),
    ("variance-term", terms.along_the_input),
    ("mean-term", terms.constant_along_axis),
    ("permuted", layout.permuted),
)

# the faults that need no more than two lists of numbers, and of those the ones whose sentence counts them
COUNTED = ("zero", "sign", "rescaling", "sum-for-mean", "mean-for-sum", "factor", "ddof", "perturbed")
LISTS = (*COUNTED, "absolute")

# what cannot be said of a tensor whose truth is known at some entries only
WHOLE: tuple[Test, ...] = (kinks.ties, kinks.wrong_kink, kinks.saturated, layout.permuted_slices, layout.permuted)
PARTLY: tuple[Row, ...] = tuple(row for row in VALUES if row[1] not in WHOLE)

KINDS: tuple[str, ...] = tuple(dict.fromkeys(kind for kind, _ in (*FORM, *VALUES)))


def explain(wrong: Wrong) -> Fault | None:
    """The known fault that explains the answer exactly; None if nothing is wrong, or nothing known fits."""
    with np.errstate(all="ignore"):
        if right(wrong):
            return None
        wrong = _with_value(wrong)
        found = _first(FORM if wrong.got.size and wrong.want.size else WORDS, wrong)
        if not (found or wrong.malformed or not _comparable(wrong)):
            found = _of_values(wrong)
        if found is None or wrong.known is None or found.kind in COUNTED:
            return found
        seen = f"in all {np.count_nonzero(wrong.known)} entries looked at, of {wrong.want.size}"
        return replace(found, sentence=f"{found.sentence} ({seen})")


def _of_values(wrong: Wrong) -> Fault | None:
    if not np.any(outside(wrong)):
        return _first(TIES, wrong)
    if wrong.known is None:
        return _first(VALUES, wrong) or _away_from_kinks(wrong)
    flat = replace(wrong, known=wrong.known & ~at_kinks(wrong), lower=None, upper=None)
    return None if right(flat) else _first(PARTLY, flat)


def _with_value(wrong: Wrong) -> Wrong:
    if wrong.value is not None or wrong.forward is None:
        return wrong
    try:
        return replace(wrong, value=np.asarray(wrong.forward(*wrong.inputs.values(), **wrong.config)[0]))
    except Exception:  # the code is anybody's; without its value less can be said
        return wrong


def _first(rows: tuple[Row, ...], wrong: Wrong) -> Fault | None:
    for kind, test in rows:
        sentence = test(wrong)
        if sentence:
            return Fault(kind, sentence)
    return None


def _comparable(wrong: Wrong) -> bool:
    both = wrong.got.shape == wrong.want.shape and wrong.got.size > 0
    return both and bool(np.all(np.isfinite(wrong.got)) and np.all(np.isfinite(looked_at(wrong, wrong.want))))


def _away_from_kinks(wrong: Wrong) -> Fault | None:
    """At a kink want is one choice of several, so a fault that holds everywhere else is looked for there."""
    kink = at_kinks(wrong)
    if not np.any(kink) or np.all(kink):
        return None

    flat = replace(wrong, got=wrong.got[~kink], want=wrong.want[~kink], lower=None, upper=None, others={})
    rows = tuple(row for row in VALUES if row[0] in LISTS)
    found = None if right(flat) else _first(rows, flat)
    return found and Fault(found.kind, f"{found.sentence} (leaving out {places(kink)}, at a kink)")
