"""The catalogue of faults, and the search through it.

A row is a kind and a test. Given a wrong gradient, the test returns a sentence if this fault explains it exactly, and
None if not. The rows are in order of preference: what says most comes first. A kind may have several rows.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from backcheck.diagnosis.faults import (
    by_output,
    clamps,
    contributions,
    factors,
    form,
    given_statistics,
    layout,
    masks,
    matrix_products,
    norms,
    other_inputs,
    precision,
    reads,
    slopes,
    softmaxes,
    substitutions,
    terms,
    ties,
    wrong_branch,
    wrong_options,
)
from backcheck.diagnosis.faults.fit import at_kinks, is_right, looked_at, outside
from backcheck.diagnosis.faults.words import places
from backcheck.diagnosis.faults.wrong_gradient import Fault, Wrong, with_value

FaultTest = Callable[[Wrong], str | None]
CatalogueRow = tuple[str, FaultTest]

# what needs no number, and holds for empty arrays too
ROWS_WITHOUT_NUMBERS: tuple[CatalogueRow, ...] = (
    ("mutated", form.mutated),
    ("dtype", form.dtype),
    ("shape", form.shape),
    ("malformed", form.malformed),
)

# faults of an answer that has the wrong form; all later rows need two arrays of one shape
ROWS_OF_FORM: tuple[CatalogueRow, ...] = (
    *ROWS_WITHOUT_NUMBERS[:2],
    ("swapped-arguments", form.swapped_shape),
    ("inverse-permutation", form.inverse_axes),
    ("transposed", form.transposed_shape),
    ("not-summed", form.not_summed),
    ("summed-too-far", form.over_summed),
    ("wrong-axis", form.if_misshapen(contributions.wrong_axis)),
    ("padding", form.not_cropped),
    ("dropped", form.cut_short),
    *ROWS_WITHOUT_NUMBERS[2:],
    ("non-finite", form.non_finite),
)

# where every entry lies between the one-sided slopes, only the whole can be wrong
ROWS_BETWEEN_SLOPES: tuple[CatalogueRow, ...] = (("ties", ties.ties),)

ROWS_OF_VALUES: tuple[CatalogueRow, ...] = (
    ("overwritten", contributions.overwritten),
    ("missing-part", contributions.missing_part),
    ("twice", factors.twice),
    ("twice", contributions.part_twice),
    ("zero", factors.zero),
    ("wrong-kink", wrong_branch.wrong_kink),
    *ROWS_BETWEEN_SLOPES,
    ("sign", factors.sign),
    ("rescaling", factors.rescaling),
    ("sum-for-mean", factors.sum_for_mean),
    ("mean-for-sum", factors.mean_for_sum),
    ("swapped-arguments", substitutions.swapped),
    ("ignores-cotangent", substitutions.ignores_cotangent),
    ("factor", factors.named_factor),
    ("ddof", factors.ddof),
    ("other-size", factors.size_for_size),
    ("absolute", factors.absolute),
    ("inverse-permutation", layout.inverse_permutation),
    ("overwritten-index", contributions.overwritten_index),
    ("index-ignored", contributions.index_not_used),
    ("transposed", layout.arranged(layout.transpositions)),
    ("reversed", layout.arranged(layout.reversals)),
    ("rolled", layout.arranged(layout.rolls)),
    ("shifted", layout.arranged(layout.shifts, fitted=1)),
    ("reshaped", layout.arranged(layout.reshapes)),
    ("permuted", layout.permuted_slices),
    ("dropped", layout.dropped),
    ("truncated", by_output.truncated),
    ("strided", layout.strided),
    ("shifted", layout.moved),
    ("wrong-axis", contributions.wrong_axis),
    ("one-row", contributions.one_row),
    ("dropped-row", contributions.dropped_row),
    ("collapsed", contributions.collapsed),
    ("wrong-product", matrix_products.wrong_product),
    ("clamp-ignored", clamps.ignored),
    ("mask-ignored", wrong_branch.masked),
    ("mask-ignored", masks.unmasked),
    ("another-mask", masks.another),
    ("saturated", wrong_branch.saturated),
    ("clipped", wrong_branch.clipped),
    ("not-clipped", wrong_branch.not_clipped),
    *((kind, norms.mistaken(kind)) for kind in norms.MISTAKE_KINDS),
    ("wrong-axis", norms.along_other_axes),
    ("statistics-given", given_statistics.given_statistics),
    ("sum-term", softmaxes.mistaken("sum-term")),
    ("diagonal-only", softmaxes.mistaken("diagonal-only")),
    ("wrong-axis", softmaxes.along_another_axis),
    ("gelu-form", slopes.mistaken("gelu-form")),
    ("slope-formula", slopes.mistaken("slope-formula")),
    ("input-for-value", slopes.mistaken("input-for-value")),
    ("option-ignored", wrong_options.option_ignored),
    ("wrong-axis", wrong_options.option_axis),
    ("eps-forgotten", wrong_options.no_eps),
    ("eps-value", wrong_options.other_eps),
    ("value-for-input", substitutions.value_for_input),
    ("slope-behind", slopes.behind),
    ("same-place-only", by_output.same_place_only),
    ("assigned", by_output.assigned),
    ("one-slice", by_output.one_slice),
    ("applied-twice", substitutions.applied_twice),
    ("not-transposed", substitutions.not_transposed),
    ("option-value", wrong_options.option_value),
    ("missing-factor", terms.missing_factor),
    ("extra-factor", terms.extra_factor),
    ("passed-on", substitutions.passed_on),
    ("returns-array", substitutions.returns_array),
    ("array-ignored", other_inputs.array_ignored),
    ("mirrored", other_inputs.mirrored),
    ("low-precision", precision.low_precision),
    ("one-hot-term", terms.term("one-hot-term")),
    ("sum-term", terms.term("sum-term")),
    ("mean-term", terms.term("mean-term")),
    ("variance-term", terms.term("variance-term")),
    ("missing-term", terms.term("missing-term")),
    ("extra-term", terms.term("extra-term")),
    ("misread", reads.misread),
    ("offset", terms.offset),
    ("perturbed", factors.perturbed),
    ("factor", factors.plain_factor),
    ("factor-per-slice", factors.factor_per_slice),
    ("sum-term", terms.along_the_output),
    ("variance-term", terms.along_the_input),
    ("mean-term", terms.constant_along_axis),
    ("permuted", layout.permuted),
    ("slope-formula", slopes.elsewhere),
)

# the faults that two lists of numbers show; the sentences of the first ones say how many entries were looked at
COUNTING_KINDS = (
    "zero",
    "sign",
    "rescaling",
    "sum-for-mean",
    "mean-for-sum",
    "factor",
    "ddof",
    "other-size",
    "perturbed",
)
LIST_KINDS = (*COUNTING_KINDS, "absolute")

# of a tensor of one entry only these are said: any formula for one number may be met by another one
ONE_ENTRY_KINDS = (*COUNTING_KINDS, "overwritten", "missing-part", "twice", "wrong-kink", "ties", "passed-on")

# tests that need the truth at every entry
NEED_ALL_OF_THE_TRUTH: tuple[FaultTest, ...] = (
    ties.ties,
    wrong_branch.wrong_kink,
    wrong_branch.saturated,
    layout.permuted_slices,
    layout.permuted,
)
ROWS_OF_A_PART: tuple[CatalogueRow, ...] = tuple(row for row in ROWS_OF_VALUES if row[1] not in NEED_ALL_OF_THE_TRUTH)

ROWS_OF_LISTS: tuple[CatalogueRow, ...] = tuple(row for row in ROWS_OF_VALUES if row[0] in LIST_KINDS)
ROWS_OF_ONE_ENTRY: tuple[CatalogueRow, ...] = tuple(row for row in ROWS_OF_VALUES if row[0] in ONE_ENTRY_KINDS)

FAULT_KINDS: tuple[str, ...] = tuple(dict.fromkeys(kind for kind, _ in (*ROWS_OF_FORM, *ROWS_OF_VALUES)))


def explain(wrong: Wrong) -> Fault | None:
    """The known fault that explains the answer exactly; None if nothing is wrong, or nothing known fits."""
    with np.errstate(all="ignore"):
        if is_right(wrong):
            return None
        wrong = with_value(wrong)
        found = _first(ROWS_OF_FORM if wrong.got.size and wrong.want.size else ROWS_WITHOUT_NUMBERS, wrong)
        if found is None and not wrong.malformed and _comparable(wrong):
            found = _of_values(wrong)
        if found is None or wrong.known is None or found.kind in COUNTING_KINDS:
            return found
        seen = f"in all {np.count_nonzero(wrong.known)} entries looked at, of {wrong.want.size}"
        return replace(found, sentence=f"{found.sentence} ({seen})")


def explain_by_numbers(wrong: Wrong) -> Fault | None:
    """The known fault that the two lists of numbers alone show: a factor, a sign, zeros. It takes no formula's time."""
    with np.errstate(all="ignore"):
        return _first(ROWS_OF_LISTS, wrong) if _comparable(wrong) else None


def _of_values(wrong: Wrong) -> Fault | None:
    """The fault that two arrays of one shape show."""
    if not np.any(outside(wrong)):
        return _first(ROWS_BETWEEN_SLOPES, wrong)
    if wrong.known is None:
        rows = ROWS_OF_VALUES if wrong.want.size > 1 else ROWS_OF_ONE_ENTRY
        return _first(rows, wrong) or _away_from_kinks(wrong)
    flat = replace(wrong, known=wrong.known & ~at_kinks(wrong), lower=None, upper=None)
    return None if is_right(flat) else _first(ROWS_OF_A_PART, flat)


def _first(rows: tuple[CatalogueRow, ...], wrong: Wrong) -> Fault | None:
    for kind, test in rows:
        sentence = test(wrong)
        if sentence is not None:
            return Fault(kind, sentence)
    return None


def _comparable(wrong: Wrong) -> bool:
    both = wrong.got.shape == wrong.want.shape and wrong.got.size > 0
    return both and bool(np.all(np.isfinite(wrong.got)) and np.all(np.isfinite(looked_at(wrong, wrong.want))))


def _away_from_kinks(wrong: Wrong) -> Fault | None:
    """A fault that holds at all entries without a kink: at a kink `want` is only one choice of several."""
    kink = at_kinks(wrong)
    if not np.any(kink) or np.all(kink):
        return None
    flat = replace(wrong, got=wrong.got[~kink], want=wrong.want[~kink], lower=None, upper=None, others={})
    found = None if is_right(flat) else _first(ROWS_OF_LISTS, flat)
    if found is None:
        return None
    return Fault(found.kind, f"{found.sentence} (leaving out {places(kink)}, at a kink)")
