"""Free-form JSON values as floats, lists and text. What is missing or of another type is a gap and no error."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def floats(values: Sequence[Any]) -> Iterator[float]:
    """Each value as a float; NaN for what is no number."""
    for value in values:
        try:
            yield float(value)
        except (TypeError, ValueError, OverflowError):
            yield math.nan


def as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def as_text(value: Any) -> str:
    """The value as a reader of the page wants it; a dash for a gap."""
    if value is None or value == "" or value == []:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(as_text, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {as_text(item)}" for name, item in value.items())
    return str(value)
