"""For the losses that read class indices: which entry each target picks, and how much its term counts."""

from typing import Any, NamedTuple

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.shapes import ClassWeights, Labels, Scores


class PickedClasses(NamedTuple):
    """For each target the index of its entry in x, whether it counts (None: all do) and its weight (None: 1); and the
    sum of the weights of those that count."""

    at: tuple[np.ndarray, ...]
    kept: np.ndarray | None
    weight: Any | None
    total: Any | int

    def counted(self, terms: Any) -> Any:
        """The terms, 0 for those that do not count."""
        return terms if self.kept is None else np.where(self.kept, terms, like(terms, 0))

    def weighted(self, terms: Any) -> Any:
        """The counted terms, each times its weight."""
        return self.counted(terms if self.weight is None else terms * self.weight)


def pick(rule: str, x: Scores, target: Labels, weight: ClassWeights | None, ignore_index: int) -> PickedClasses:
    """Raises ValueError where a target is none of the classes, nor `ignore_index`."""
    kept, count = target != ignore_index, target.size
    if kept.all():
        kept = None
    else:
        target, count = np.where(kept, target, 0), int(np.count_nonzero(kept))
    require_classes(rule, target, x.shape[1])
    if weight is None:
        return PickedClasses(places(target), kept, None, count)
    chosen = weight[target]
    total = (chosen if kept is None else np.where(kept, chosen, like(chosen, 0))).sum()
    return PickedClasses(places(target), kept, chosen, np.asarray(total, dtype=x.dtype))


def places(target: Labels) -> tuple[np.ndarray, ...]:
    """The index of each target's entry among (batch, classes, *rest)."""
    first, *rest = [np.arange(n).reshape(-1, *(1,) * (target.ndim - 1 - i)) for i, n in enumerate(target.shape)]
    return (first, target, *rest)


def require_classes(rule: str, target: Labels, classes: int) -> None:
    """Raise where an index is none of 0..classes-1; NumPy would take a negative one from the end."""
    if target.size and (target.min() < 0 or target.max() >= classes):
        seen = f"{target.min()}..{target.max()}"
        raise ValueError(f"{rule}: targets are indices 0..{classes - 1} of {classes} classes, got {seen}")


def across(weight: ClassWeights, x: Scores) -> Any:
    """The weights of the classes, shaped to multiply an array (batch, classes, *rest)."""
    return weight.reshape(-1, *(1,) * (x.ndim - 2))
