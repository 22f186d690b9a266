"""What every rule that reads class indices asks of them."""

from scratch_bp.rules.shapes import Classes


def require_classes(rule: str, target: Classes, classes: int) -> None:
    """Raise where an index is none of 0..classes-1; NumPy would take a negative one from the end."""
    if target.size and (target.min() < 0 or target.max() >= classes):
        seen = f"{target.min()}..{target.max()}"
        raise ValueError(f"{rule}: targets are indices 0..{classes - 1} of {classes} classes, got {seen}")
