"""What is read back from a file is checked here against the shape that it must have, by msgspec, before it is used.

A file may be cut short, edited by hand, written by a newer version, or made to do harm. Each shape says all that the
code behind it relies on, so that no other place has to doubt it. Nothing is deeper than DEPTH: to walk through lists
in lists in lists would end the interpreter.
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from backcheck_reports.store_error import StoreError

DEPTH = 8  # of lists and objects in one another, where a file may hold any JSON
AGAIN = "the file is damaged, run again to rebuild it"

Number = float | Literal["nan", "inf", "-inf"]  # as backcheck_reports.storage.codec.plain writes a float
Format = Annotated[int, msgspec.Meta(ge=1)]
Scalar = bool | int | float | str | None


def json_of_depth(depth: int) -> Any:
    """Any JSON that is no deeper than this."""
    inner: Any = Scalar if depth == 1 else json_of_depth(depth - 1)
    return Scalar | list[inner] | dict[str, inner]


if TYPE_CHECKING:
    JsonObject = dict[str, Any]
else:
    JsonObject = dict[str, json_of_depth(DEPTH - 1)]


class Head(msgspec.Struct):
    """What says whether the rest can be read."""

    format: Format


def read(text: bytes | str, kind: Any, where: str, mend: str = AGAIN) -> Any:
    """The JSON as a value of this kind. `where` and `mend` go into the StoreError of one that does not fit."""
    try:
        return decoder(kind).decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise unread(error, where, mend) from None


def fit(value: Any, kind: Any, where: str, mend: str = AGAIN) -> Any:
    """The same for JSON that was read already."""
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        raise unread(error, where, mend) from None


def fields_of(found: msgspec.Struct) -> dict[str, Any]:
    """The fields by name, lists as tuples: what is kept of a file does not change."""
    values = msgspec.structs.asdict(found)
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def unread(error: Exception, where: str, mend: str) -> StoreError:
    """What came and what was expected, at its place in the file."""
    if not isinstance(error, msgspec.ValidationError):
        do = "delete the file and run again with --resume" if mend is AGAIN else mend
        return StoreError(f"{where}: the JSON is cut short or damaged ({error}), expected one whole object; {do}")
    said, _, place = str(error).partition(" - at `$")
    said = said.replace("`", "").replace("Object missing required field", "missing")
    said = said[:1].lower() + said[1:]
    place = re.sub(r"^\.", "", place.rstrip("`"))
    return StoreError(f"{where}: {place}: {said}; {mend}" if place else f"{where}: {said}; {mend}")


@lru_cache
def decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    """To build one costs more than to decode a line."""
    return msgspec.json.Decoder(kind)
