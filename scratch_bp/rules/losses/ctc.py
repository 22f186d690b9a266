"""Connectionist temporal classification (Graves et al., 2006) of logits x, one row of C for each frame and sample.

The loss of a sample is -log of the probability that its frames, each labelled by a draw from softmax(x), read as its
target once repeats are joined and blanks dropped. The states of such a reading are the target's labels with a blank
around each, l = (blank, t1, blank, t2, ..., blank); a frame stays in its state, moves to the next, or skips a blank
between two labels that differ. With e_t(s) = log softmax(x_t) at l_s, the log of the sums over all ways are

    a_t(s) = e_t(s) + log sum of exp a_{t-1} over s, s - 1 and, where the skip is allowed, s - 2,

and b_t(s) likewise from the end, so that q_t(s) = exp(a_t(s) + b_t(s) - e_t(s) - log Z) is the probability of being in
state s at frame t. dx_t(c) = softmax(x_t)(c) - the sum of q_t(s) over the states with l_s = c. For each t they all
sum to 1, so q_t is taken as the softmax of a_t + b_t - e_t: beside logits of 1e22 the rounding of log Z, of 1e6, would
overflow the exponential.

PyTorch's function takes log-probabilities, but the gradient that it returns for them is this one: that of the logits in
front of a log-softmax, which is not the derivative of its own value. So this rule takes the logits. A target that does
not fit into its frames has an infinite loss, or with zero_infinity the loss 0 and no gradient. The mean divides each
loss by the length of its target first. A label may be the blank, as in PyTorch.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Int, Shaped

from scratch_bp.elementary import like, matmul, rounded, widened
from scratch_bp.rules.activations import log_softmax, softmax
from scratch_bp.rules.losses.classes import require_classes
from scratch_bp.rules.losses.reduction import reduce, share
from scratch_bp.rules.shapes import Frames, LabelRows, Reduced

States = Shaped[np.ndarray, "frames batch states"]
NEVER = 10_000  # exp(-10,000) is 0 in every float, and below the last of 4,608 bits of exact numbers


class Lattice(NamedTuple):
    """The label of every state of each sample, and how many frames and states the sample has.

    `barred` are the states that no skip leads to, of the samples and then of the samples read from their end.
    """

    labels: Int[np.ndarray, "batch states"]
    barred: Bool[np.ndarray, "both states"]
    frames: Int[np.ndarray, " batch"]
    states: Int[np.ndarray, " batch"]

    @property
    def fits(self) -> Bool[np.ndarray, " batch"]:
        """Are there frames enough: one for each label, and one more between two that are the same?"""
        later = np.arange(3, self.labels.shape[1], 2) < self.states[:, None]
        repeats = (self.barred[: len(later), 3::2] & later).sum(axis=1)
        return np.asarray(self.states // 2 + repeats <= self.frames)


class Saved(NamedTuple):
    log_p: Frames
    way: States
    lattice: Lattice
    fits: Bool[np.ndarray, " batch"]
    zero_infinity: bool
    reduction: str


def forward(
    x: Frames,
    targets: LabelRows,
    *,
    input_lengths: tuple[int, ...],
    target_lengths: tuple[int, ...],
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> tuple[Reduced, Saved]:
    lattice = _lattice(x, targets, input_lengths, target_lengths, blank)
    log_p, _ = log_softmax.forward(widened(x))
    rows = np.arange(x.shape[1])
    at = log_p[:, rows[:, None], lattice.labels]
    # log 0, for a state that no way leads to: below the log of every way, but finite, since inf - inf is NaN
    ways, from_end = _ways(at, lattice, np.asanyarray(log_p.min() * (4 * len(x)) - NEVER))
    log_total = _either(*(ways[lattice.frames - 1, rows, lattice.states + i] for i in (1, 0)))
    fits, zero = lattice.fits, like(log_p, 0)
    losses = np.where(fits, -log_total, zero if zero_infinity else like(log_p, np.inf))
    terms = losses / _lengths(lattice, log_p) if reduction == "mean" else losses
    saved = Saved(log_p, ways[:, :, 2:] + from_end - at, lattice, fits, zero_infinity, reduction)
    return rounded(reduce(terms, reduction), x.dtype), saved


def backward(saved: Saved, dy: Reduced) -> tuple[Frames, None]:
    log_p, way, lattice, fits, zero_infinity, reduction = saved
    q, _ = softmax.forward(way)
    slope = np.exp(log_p) - _by_class(q, lattice.labels, log_p)
    each, zero = share(widened(dy), len(fits), reduction), like(log_p, 0)
    each = each / _lengths(lattice, log_p) if reduction == "mean" else each
    each = np.where(fits, each, zero if zero_infinity else like(log_p, np.nan))
    inside = np.arange(len(log_p))[:, None] < lattice.frames
    slope = np.where((inside & fits)[:, :, None], slope, zero)  # where no way leads q may be nan
    return rounded(slope * np.where(inside, each, zero)[:, :, None], dy.dtype), None


def _ways(at: States, lattice: Lattice, never: np.ndarray) -> tuple[Any, Any]:
    """a, with two more states in front that no way leads to, and b.

    One recursion does both: over the samples, and over the samples read backwards. Each row of this doubled batch
    begins at its own frame, in its own first state or in the state after that.
    """
    frames, batch, states = at.shape
    both = np.concatenate([at, at[::-1, :, ::-1]], axis=1)
    frame = np.concatenate([np.zeros_like(lattice.frames), frames - lattice.frames])
    state = np.concatenate([np.zeros_like(lattice.states), states - lattice.states])
    ways = np.broadcast_to(never, (frames, 2 * batch, states + 2)).copy()
    here, one, two = ways[:, :, 2:], ways[:, :, 1:-1], ways[:, :, :-2]
    bars, beginnings = np.where(lattice.barred, never, like(at, 0)), set(frame.tolist())
    for t in range(frames):
        if t:
            here[t] = _either(_either(here[t - 1], one[t - 1]), two[t - 1] + bars) + both[t]
        if t in beginnings:
            rows = np.flatnonzero(frame == t)
            for first in (state[rows], np.minimum(state[rows] + 1, states - 1)):
                here[t, rows, first] = both[t, rows, first]
    return ways[:, :batch], here[::-1, batch:, ::-1]


def _either(a: Any, b: Any) -> Any:
    """log(exp(a) + exp(b))."""
    return np.logaddexp(a, b) if a.dtype != object else np.maximum(a, b) + np.log1p(np.exp(-abs(a - b)))


def _by_class(q: States, labels: np.ndarray, x: Frames) -> Frames:
    """The sum over the states of each class."""
    hot = (labels[:, :, None] == np.arange(x.shape[2])).astype(x.dtype)
    return matmul(q.transpose(1, 0, 2), hot).transpose(1, 0, 2)


def _lengths(lattice: Lattice, x: Frames) -> np.ndarray:
    """The targets' lengths in the numbers of x, 1 for an empty one."""
    return rounded(np.maximum(lattice.states // 2, 1), x.dtype)


def _lattice(
    x: Frames, targets: LabelRows, input_lengths: tuple[int, ...], target_lengths: tuple[int, ...], blank: int
) -> Lattice:
    (frames, batch, classes), longest = x.shape, targets.shape[1]
    for name, lengths, low, high in (
        ("input_lengths", input_lengths, 1, frames),
        ("target_lengths", target_lengths, 0, longest),
    ):
        if len(lengths) != batch or min(lengths) < low or max(lengths) > high:
            raise ValueError(
                f"ctc: {name} are {batch} numbers from {low} to {high}, one for each sample, got {lengths}"
            )
    if not 0 <= blank < classes:
        raise ValueError(f"ctc: blank is one of the {classes} classes, got {blank}")
    states = 2 * np.array(target_lengths) + 1
    labels = np.full((batch, 2 * longest + 1), blank)
    labels[:, 1::2] = np.where(np.arange(1, 2 * longest, 2) < states[:, None], targets, blank)
    require_classes("ctc", labels, classes)
    turned = np.concatenate([labels, labels[:, ::-1]])
    barred = np.ones(turned.shape, dtype=bool)  # no skip leads to a blank, nor to the label that was before it
    barred[:, 3::2] = turned[:, 3::2] == turned[:, 1:-2:2]
    return Lattice(labels, barred, np.array(input_lengths), states)
