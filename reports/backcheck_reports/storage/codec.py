"""Records as lines of JSON and back. Every float survives to the bit.

JSON has no NaN and no infinity, and most encoders silently write null for them. Here they are the strings "nan", "inf"
and "-inf". Finite values are plain JSON numbers, -0.0 and subnormals too: Python writes the shortest decimal that reads
back as the same float.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np

from backcheck_reports.record import FORMAT, Record, Verdict
from backcheck_reports.storage.files import StoreError, reading

_DECODER = json.JSONDecoder()
_ASCII_ENCODER, _UNICODE_ENCODER = (json.JSONEncoder(allow_nan=False, ensure_ascii=only) for only in (True, False))
NON_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def dumps(value: Any, **options: Any) -> str:
    """JSON of nested mappings, sequences, numbers and strings; NumPy's numbers and arrays may be among them."""
    return json.dumps(plain(value), allow_nan=False, **options)


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
    """One line. Without `ascii_only` a lone surrogate in a string stays as it is, and the file must replace it."""
    values = map(field_value, _values(record))
    encoder = _ASCII_ENCODER if ascii_only else _UNICODE_ENCODER
    return encoder.encode(dict(zip(FIELDS, values, strict=True)))


def field_value(value: Any) -> Any:
    """The same as `plain`, with a shortcut for the types that most fields have: a run has millions of fields."""
    kind = type(value)
    if kind is float:
        return value if math.isfinite(value) else str(value)
    return value if kind is str or kind is int or kind is Verdict else plain(value)


def decode(data: Mapping[str, Any], where: str) -> Record:
    """A record from its JSON object; `where` goes into errors. Fields of a newer format that are not known are left."""
    values = list(map(data.get, FIELDS, _DEFAULTS))
    try:
        for place, convert in _converters(tuple(map(type, values))):
            values[place] = convert(values[place])
    except (ValueError, OverflowError):
        raise _wrong(data, where) from None
    if values[_FORMAT] < 1:
        raise _wrong(data, where)
    return Record(*values)


# the same few combinations of types come a million times
@lru_cache(256)
def _converters(types: tuple[type, ...]) -> tuple[tuple[int, Callable[[Any], Any]], ...]:
    """The places of the fields whose JSON type is not the field's own, each with the function that converts it."""
    came = enumerate(zip(FIELDS, types, strict=True))
    return tuple((place, _DECODERS[name]) for place, (name, kind) in came if _TYPES[name] is not kind)


def _wrong(data: Mapping[str, Any], where: str) -> StoreError:
    """What exactly is wrong with a record that cannot be read."""
    try:
        came = check_format(data, where)
        if came > FORMAT:
            where += f", written by a newer version (format {came}, this one reads up to {FORMAT})"
        require(data, _REQUIRED, where)
        for name in FIELDS:
            if name in data:
                _check_field(name, data[name], where)
    except StoreError as error:
        return error
    return StoreError(f"{where}: not a record, expected one of format {FORMAT}; is this a run's file?")


def check_format(data: Mapping[str, Any], where: str) -> int:
    """The format number. A newer one is no error: the fields that are known here may still be readable."""
    came = data.get("format")
    if isinstance(came, bool) or not isinstance(came, int) or came < 1:
        raise StoreError(f"{where}: no format number (got {came!r}, expected 1 to {FORMAT}); is this a run's file?")
    return came


def require(data: Mapping[str, Any], names: tuple[str, ...], where: str) -> None:
    missing = [name for name in names if name not in data]
    if missing:
        raise StoreError(f"{where}: missing {', '.join(missing)}; the file is damaged, run again to rebuild it")


def read_object(text: str, where: str) -> dict[str, Any]:
    text = text.strip()
    try:
        data, end = _DECODER.raw_decode(text)
        if end < len(text):
            raise json.JSONDecodeError("Extra data", text, end)
    except ValueError as error:
        raise StoreError(
            f"{where}: the JSON is cut short or damaged ({error}), expected one whole object; "
            "delete the file and run again with --resume"
        ) from error
    if not isinstance(data, dict):
        raise StoreError(f"{where}: expected a JSON object, got {type(data).__name__}; is this a run's file?")
    return data


def read_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each line's object, with the file and line number for errors to quote."""
    with reading(path), open(path, "rb") as file:
        for count, line in enumerate(file, start=1):
            where = f"{path} line {count}"
            yield where, read_object(line.decode("utf-8", "replace"), where)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a string")
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("a whole number")
    return value


def _wholes(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError("a list of whole numbers")
    for each in value:
        if type(each) is not int:
            raise ValueError("a list of whole numbers")
    return tuple(value)


def _verdict(value: Any) -> Verdict:
    if not isinstance(value, str) or value not in _VERDICTS:
        raise ValueError(f"a verdict ({', '.join(Verdict)})")
    return _VERDICTS[value]


_VERDICTS = {verdict.value: verdict for verdict in Verdict}
_BY_TYPE: dict[Any, Callable[[Any], Any]] = {
    str: _text,
    int: _whole,
    float: number,
    Verdict: _verdict,
    tuple[int, ...]: _wholes,
}
FIELDS = tuple(item.name for item in fields(Record))
_values = attrgetter(*FIELDS)
# for a field that a record lacks: as no field has this type, the field's converter is asked, and refuses
_ABSENT = object()
_TYPES = {item.name: item.type for item in fields(Record)}
_DECODERS = {name: _BY_TYPE[kind] for name, kind in _TYPES.items()}
_REQUIRED = tuple(item.name for item in fields(Record) if item.default is MISSING)
# a record in a file must say its format, although the class has a default for it
_DEFAULTS = tuple(
    _ABSENT if item.default is MISSING or item.name == "format" else item.default for item in fields(Record)
)
_FORMAT = FIELDS.index("format")


def _check_field(name: str, value: Any, where: str) -> None:
    try:
        _DECODERS[name](value)
    except (ValueError, OverflowError) as error:
        got = repr(value)
        got = got if len(got) <= 200 else f"{got[:200]}…"
        raise StoreError(
            f"{where}: {name} must be {error}, got {got}; upgrade backcheck, or run again to rebuild the file"
        ) from error
