"""The kinds of fault in the catalogue, and where faults like these were seen."""

from collections.abc import Mapping

KINDS: Mapping[str, str] = {
    "factor": "a number is left out, or multiplied in once too often",
    "sign": "a sign is lost, or one too many",
    "slope": "the derivative of another function, or at another value",
    "term": "a way by which the input reaches the output is left out",
    "axis": "a sum, a mean or a share runs over another axis",
    "broadcast": "what broadcasting repeated is not summed",
    "reduction": "a mean for a sum, a sum for a mean, or a part of the rows",
    "eps": "eps is left out, stands elsewhere, or is in the backward alone",
    "mask": "a mask, a weight or an index to be ignored is ignored itself",
    "window": "padding, stride, dilation or the borders of windows",
    "gate": "the order of gates, halves, operands or outputs",
    "time": "the direction of time, or a step of it",
    "state": "an initial or a last state has no gradient, or another one's",
    "carry": "what is carried from step to step is dropped",
    "tie": "at a tie more than one dy is given",
    "clamp": "a limit of the forward that the backward does not know",
    "saturation": "zero, or a division by zero, where the slope is small or the value is",
    "option": "an option is not used in the backward",
    "precision": "fewer digits than the dtype has",
    "layout": "axes, memory or entries in another order",
    "index": "entries that are read twice are assigned and not added",
    "fan-out": "a value that is read more than once",
    "aliasing": "a gradient shares its memory with something else",
    "mutation": "an input is written to",
    "stale": "something is kept from another call",
    "randomness": "random numbers are drawn anew",
    "forward": "another function than PyTorch's: its default, its convention",
    "optimiser": "a step of an optimiser",
}

SURVEY = "seen in public NumPy libraries, in a survey of 517 backward passes"
COURSE = "seen in answers to course work"

_SIZES = ("factor", "mean-for-sum", "sum-for-mean", "other-size", "ddof", "twice", "zero", "missing-factor",
"extra-factor",
          "factor-per-slice", "rescaling", "option-ignored", "gamma-forgotten", "passed-on")  # fmt: skip
_PARTS = ("one-row", "dropped-row", "collapsed", "dropped", "truncated", "assigned", "overwritten-index", "one-slice")
_TERMS = ("missing-term", "extra-term", "sum-term", "mean-term", "variance-term", "one-hot-term", "diagonal-only",
          "misread", "statistics-constant", "statistics-given", "passed-on", "zero", "slope-formula", "missing-part",
          "slope-behind", "same-place-only")  # fmt: skip
_MASKS = (
    "mask-ignored",
    "another-mask",
    "clamp-ignored",
    "wrong-kink",
    "not-clipped",
    "option-ignored",
    "saturated",
    "passed-on",
    "wrong-region",
)

# the kinds that the diagnosis may truly say of a fault of each kind: several words mean the same
MEANS: Mapping[str, tuple[str, ...]] = {
    "factor": (*_SIZES, "slope-formula"),
    "sign": ("sign", "absolute", "sum-term", "swapped-arguments", "not-transposed", "passed-on", "slope-formula",
             "mask-ignored", "zero", "one-hot-term", "wrong-region", "saturated", "mirrored",
             "array-ignored"),
    "slope": ("slope-formula", "value-for-input", "input-for-value", "missing-factor", "extra-factor", "gelu-form",
              "slope-behind", "applied-twice", "factor", "misread", "passed-on", "factor-per-slice", "wrong-region"),
    "term": _TERMS,
    "axis": ("wrong-axis", "sum-term", "option-ignored", "factor", *_PARTS),
    "broadcast": ("not-summed", "shape", *_PARTS),
    "reduction": (*_SIZES, *_PARTS),
    "eps": ("eps-forgotten", "eps-misplaced", "eps-value", "offset", "perturbed", "factor-per-slice"),
    "mask": (*_MASKS, "array-ignored", "missing-factor", "factor-per-slice", "dropped", "zero", "slope-formula",
             "index-ignored"),
    "window": ("strided", "shifted", "rolled", "padding", "option-ignored", "option-value", "assigned",
    "factor-per-slice",
               "permuted", "truncated", "dropped", "factor"),
    "gate": ("swapped-arguments", "reversed", "rolled", "permuted", "misread", "missing-factor"),
    "time": ("not-transposed", "same-place-only", "reversed", "truncated", "zero", "assigned", "shifted", "one-slice"),
    "state": ("array-ignored", "zero", "missing-part", "truncated", "one-slice"),
    "carry": ("array-ignored", "zero", "truncated", "missing-part", "misread", "one-slice"),
    "tie": ("ties", "wrong-kink"),
    "clamp": (*_MASKS, "slope-formula"),
    "saturation": ("slope-formula", "saturated", "lost-number", "non-finite", "wrong-region"),
    "option": ("option-ignored", "option-value", "wrong-region", *_SIZES),
    "precision": ("low-precision", "perturbed", "linear"),
    "layout": ("transposed", "reshaped", "permuted", "inverse-permutation", "wrong-product", "reversed", "shape",
               "swapped-arguments", "not-transposed"),
    "index": ("assigned", "overwritten-index", "misread"),
    "fan-out": ("array-ignored", "overwritten", "missing-part", "misread", "factor", "zero", "assigned", "one-slice"),
    "aliasing": ("aliases",),
    "mutation": ("untouched", "mutated"),
    "stale": ("misread", "statistics-constant", "statistics-given", "again", "factor", "overwritten",
    "value-for-input"),
    "randomness": ("another-mask", "again"),
    "forward": ("another-function",),
    "optimiser": ("another-function",),
}  # fmt: skip
