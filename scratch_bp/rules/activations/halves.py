"""An array cut into two halves along an axis, for the units in which one half is the gate of the other."""

from scratch_bp.rules.shapes import Halves, Pairs


def halves(rule: str, x: Pairs, dim: int) -> tuple[Halves, Halves]:
    """Both halves, as views of x."""
    if not -x.ndim <= dim < x.ndim or x.shape[dim] % 2:
        raise ValueError(f"{rule}: dim is an axis of even size, got {dim} for an array of shape {x.shape}")
    before, half = (slice(None),) * (dim % x.ndim), x.shape[dim] // 2
    return x[(*before, slice(half))], x[(*before, slice(half, None))]
