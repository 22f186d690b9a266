"""What every rule that is told an axis asks of it."""

import numpy as np

from scratch_bp.rules.shapes import Any


def axis_of(rule: str, dim: int, rank: int, argument: str = "dim") -> int:
    """The axis counted from the first; -1 is the last. Raises ValueError where there is no such axis."""
    if not -rank <= dim < rank:
        raise ValueError(f"{rule}: {argument} is an axis -{rank}..{rank - 1} of {rank}, got {dim}")
    return dim % rank


def along(dim: int, part: slice | int | np.ndarray) -> tuple:
    """The index of a part of one axis, with all of the others."""
    return (*(slice(None),) * dim, part)


def same_but(rule: str, xs: tuple[Any, ...], dim: int | None) -> None:
    """Raise ValueError where the shapes differ along another axis than `dim`."""
    shapes = [[n for axis, n in enumerate(x.shape) if axis != dim] for x in xs]
    if any(shape != shapes[0] for shape in shapes) or any(x.ndim != xs[0].ndim for x in xs):
        but = "" if dim is None else f" but for axis {dim}"
        raise ValueError(f"{rule}: the arrays have one shape{but}, got {', '.join(str(list(x.shape)) for x in xs)}")
