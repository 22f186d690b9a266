"""What rules over channels ask of their input."""

import numpy as np


def require_several(rule: str, x: np.ndarray, values: int) -> None:
    """As in PyTorch: of one value nothing is left when its mean is taken off."""
    if values <= 1:
        raise ValueError(f"{rule}: more than one value is needed for each mean, got an x of shape {list(x.shape)}")
