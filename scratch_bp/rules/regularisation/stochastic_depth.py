"""Stochastic depth (Huang, Sun, Liu, Sedra and Weinberger, 2016) with a given mask: the branch that a residual block
adds is x / (1 - p) where it is kept and 0 where it is dropped.

In the mode "row" each sample has a number of its own in the mask, in the mode "batch" one number stands for them all.
"""

from typing import NamedTuple

from scratch_bp.rules.regularisation.masks import kept, require_probability
from scratch_bp.rules.shapes import SampleMask, Samples


class Saved(NamedTuple):
    mask: SampleMask
    p: float


def forward(x: Samples, mask: SampleMask, *, p: float, mode: str) -> tuple[Samples, Saved]:
    require_probability("stochastic_depth", p)
    if mode not in ("row", "batch"):
        raise ValueError(f'stochastic_depth: mode is "row" or "batch", got {mode!r}')
    if mask.size != (len(x) if mode == "row" else 1):
        raise ValueError(
            f"stochastic_depth: the mask has a number for each sample in the mode row and one in the mode batch, "
            f"got {mask.size} for {len(x)} samples in the mode {mode}"
        )
    return _kept(x, mask, p), Saved(mask, p)


def backward(saved: Saved, dy: Samples) -> tuple[Samples, None]:
    return _kept(dy, *saved), None


def _kept(x: Samples, mask: SampleMask, p: float) -> Samples:
    return kept(x, mask.reshape((-1,) + (1,) * (x.ndim - 1)), p)
