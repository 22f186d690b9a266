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
