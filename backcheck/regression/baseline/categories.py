"""The categories of change against a baseline. Nothing is imported here: pytest reads them in every session."""

from enum import StrEnum


class LineChange(StrEnum):
    """What became of a line of the baseline."""

    NEW = "new"
    CHANGED = "changed"
    REMOVED = "removed"
