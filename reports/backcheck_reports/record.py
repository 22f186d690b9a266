"""The record: one per (network, gradient tensor, party). The page is computed from records alone."""

from dataclasses import dataclass
from enum import StrEnum

FORMAT = 1
SUBJECT, EXACT = "numpy", "exact"  # the parties that have a place of their own in the statistics
CONTRACT = "contract"  # the party of what every rule promises, whatever it computes
OUTPUT = "output"  # the tensor of a forward value
REVERSE_PASS = "reverse pass"  # stands for a rule where every rule is right and the network is not
FORWARD = "forward value"  # what of a rule is wrong where it is no gradient; also the row of the outputs


class Verdict(StrEnum):
    """The verdict on one party's answer for one gradient tensor. Only AGREE counts as agreement in any total."""

    AGREE = "agree"
    DISAGREE = "disagree"
    KINK = "kink"
    CONVENTION = "convention"
    IMPRECISE = "imprecise"
    SHAPE = "shape"
    SIDE_EFFECT = "side effect"
    ILL_CONDITIONED = "ill-conditioned"
    OUT_OF_RANGE = "out of range"
    VACUOUS = "vacuous"
    UNAVAILABLE = "unavailable"


# the faults of the code under test, each under its own name: a run that has one of them fails
FAULTS = (Verdict.DISAGREE, Verdict.SHAPE, Verdict.SIDE_EFFECT)
JUDGED = (Verdict.AGREE, Verdict.DISAGREE)  # the verdicts that say how large an error is: medians are over these


@dataclass(frozen=True, slots=True)
class Record:
    """One party's answer for one tensor, measured against the truth.

    case        content hash of network, arrays, cotangent and dtype; `backcheck replay` takes it
    tensor      the array's name in the network, or "output" for the forward value
    rule        the rule that reads the tensor first, and `argument` its parameter's name there ("dense", "w")
    party       "numpy" (the subject) or an oracle: "torch", "jax", "differences", "exact"; "contract" for what every
                rule promises whatever it computes, with the promise as `argument` and no tensor
    absolute    the largest absolute error over the entries; `relative` the same over the tensor's largest entry
    ulps        the largest error in units in the last place of the true entry, at this dtype
    fraction    the largest error as a fraction of what rounding explains there (above 1: not explained)
    allowed     the allowed error at the worst entry
    resolution  the smallest error, relative to the tensor's largest entry, that would have been caught in any entry
    index, got, want   the worst entry
    depth       the nodes of the network, `width` the longest axis of its arrays, `magnitude` the largest entry of the
                truth; 0 where a record of an earlier version does not say
    fault_rule, fault_tensor   of a fault, the rule that it follows from and what of that rule is wrong; empty where
                nothing is at fault, and where a record of an earlier version does not say
    """

    case: str
    network: int
    tensor: str
    rule: str
    argument: str
    party: str
    dtype: str
    profile: str
    shape: tuple[int, ...]
    entries: int
    verdict: Verdict
    absolute: float
    relative: float
    ulps: float
    fraction: float
    allowed: float
    resolution: float
    index: tuple[int, ...]
    got: float
    want: float
    reason: str = ""
    depth: int = 0
    width: int = 0
    magnitude: float = 0.0
    fault_rule: str = ""
    fault_tensor: str = ""
    format: int = FORMAT
