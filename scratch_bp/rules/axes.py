"""Axes as options of a rule: which are allowed, and a part of an array along one."""

import numpy as np

Place = tuple[slice | int | np.ndarray, ...]  # an index: some part of each of the first axes


def axis_of(rule: str, dim: int, rank: int, argument: str = "dim") -> int:
    """The axis counted from the first; -1 is the last. Raises ValueError where there is no such axis."""
    if not -rank <= dim < rank:
        known = f"-{rank}..{rank - 1} of {rank}" if rank else "of an array that has some"
        raise ValueError(f"{rule}: {argument} is an axis {known}, got {dim}")
    return dim % rank


def along(dim: int, part: slice | int | np.ndarray) -> Place:
    """The index of a part of an array along one axis; all of the other axes."""
    return (*(slice(None),) * dim, part)
