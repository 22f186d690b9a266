"""What rules over channels ask of their input."""

import numpy as np


def require_several(rule: str, x: np.ndarray, values: int) -> None:
    """Raise where a mean is over one value only, as PyTorch does: x less its mean would always be 0."""
    if values <= 1:
        raise ValueError(f"{rule}: more than one value is needed for each mean, got an x of shape {list(x.shape)}")
