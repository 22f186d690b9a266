"""Exit codes: all agree, a disagreement or regression, wrong use, could not check, interrupted."""

AGREE, DISAGREE, USAGE, COULD_NOT, INTERRUPTED = 0, 1, 2, 3, 130
