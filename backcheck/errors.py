"""Exit codes: all agree, a disagreement or regression, wrong use, could not check, interrupted."""

AGREE, DISAGREE, USAGE, COULD_NOT, INTERRUPTED = 0, 1, 2, 3, 130


class Ended(RuntimeError):
    """A process of a run was ended, and no framework is to blame. The message says at which network, and what to do."""
