"""Records as lines of JSON and back. Every float survives to the bit.

JSON has no NaN and no infinity, and most encoders silently write null for them. Here they are the strings "nan", "inf"
and "-inf". Finite values are plain JSON numbers, -0.0 and subnormals too: Python writes the shortest decimal that reads
back as the same float.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import MISSING, fields
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np

from backcheck_reports.destination import GENERATOR
from backcheck_reports.record import FORMAT, Record, Verdict
from backcheck_reports.storage import schema
from backcheck_reports.storage.files import StoreError

_ASCII_ENCODER, _UNICODE_ENCODER = (json.JSONEncoder(allow_nan=False, ensure_ascii=only) for only in (True, False))
_HALF = "\\ud"  # where JSON in ASCII may have half a character
NON_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def dumps(value: Any, **options: Any) -> str:
    """JSON of nested mappings, sequences, numbers and strings; NumPy's numbers and arrays may be among them."""
    text = json.dumps(plain(value), allow_nan=False, **options)
    return _whole(json.dumps(plain(value), allow_nan=False, ensure_ascii=False, **options)) if _HALF in text else text


def marked_json(value: Mapping[str, Any], kind: str = "") -> str:
    """A file of JSON with the mark by which it is known to be ours; `kind` where it is no export."""
    return dumps({"generator": f"{GENERATOR} {kind}".strip(), **value}, indent=2) + "\n"


def plain(value: Any) -> Any:
    """The same value, made of the types that JSON has."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return value


def number(value: Any) -> float:
    """A float from what `plain` wrote."""
    if isinstance(value, str) and value in NON_FINITE:
        return NON_FINITE[value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError('a number, or one of "nan", "inf", "-inf"')
    return float(value)


def encode(record: Record, ascii_only: bool = True) -> str:
    """One line."""
    values = dict(zip(FIELDS, map(field_value, _values(record)), strict=True))
    line = _ASCII_ENCODER.encode(values) if ascii_only else ""
    return line if line and _HALF not in line else _whole(_UNICODE_ENCODER.encode(values))


def _whole(text: str) -> str:
    """The text with a question mark for each lone surrogate, which is half a character and is no text."""
    return text.encode("utf-8", "replace").decode()


def field_value(value: Any) -> Any:
    """The same as `plain`, with a shortcut for the types that most fields have: a run has millions of fields."""
    kind = type(value)
    if kind is float:
        return value if math.isfinite(value) else str(value)
    return value if kind is str or kind is int or kind is Verdict else plain(value)


def decode(data: str | Mapping[str, Any], where: str) -> Record:
    """A record from its line of JSON, or from a row of another file format; `where` goes into errors.

    Fields of a newer format that are not known here are left out.
    """
    try:
        row = _ROWS.decode(data) if isinstance(data, str) else msgspec.convert(data, _Row)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise schema.unread(
            error, where + _newer(data), "upgrade backcheck, or run again to rebuild the file"
        ) from None
    values = list(msgspec.structs.astuple(row))
    for place in _FLOATS:
        if type(values[place]) is str:
            values[place] = NON_FINITE[values[place]]
    return Record(*values)


def unknown_fields(data: str | Mapping[str, Any]) -> set[str]:
    """The fields of a record's line, or of its row, that no record has here."""
    return set(schema.read(data, dict[str, msgspec.Raw], "") if isinstance(data, str) else data) - set(FIELDS)


def _newer(data: str | Mapping[str, Any]) -> str:
    """That a newer version wrote the record, if that is so."""
    read: Any = schema.read if isinstance(data, str) else schema.fit
    try:
        came: int = read(data, schema.Head, "").format
    except StoreError:
        return ""
    return f", written by a newer version (format {came}, this one reads up to {FORMAT})" if came > FORMAT else ""


FIELDS = tuple(item.name for item in fields(Record))
_values = attrgetter(*FIELDS)
_FLOATS = tuple(place for place, item in enumerate(fields(Record)) if item.type is float)


def _field(name: str, kind: Any, default: Any) -> Any:
    """A field of a record in a file: it must say its format, although the class has a default for it."""
    if name == "format":
        return name, schema.Format
    shape = schema.Number if kind is float else kind
    return (name, shape) if default is MISSING else (name, shape, default)


_Row = msgspec.defstruct("_Row", [_field(item.name, item.type, item.default) for item in fields(Record)], kw_only=True)
_ROWS = msgspec.json.Decoder(_Row)
