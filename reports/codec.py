"""Records as lines of JSON and back, to the bit.

JSON has no NaN and no infinity, and most encoders silently write null for them: here they are the strings "nan",
"inf" and "-inf". Python writes the shortest decimal that reads back as the same float, so finite values, -0.0 and
subnormals included, survive as plain JSON numbers.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import numpy as np

from reports.files import StoreError, reading
from reports.record import FORMAT, Record, Verdict

NON_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def dumps(value: Any, **options: Any) -> str:
    """JSON of nested mappings, sequences, numbers and strings; NumPy's own numbers and arrays are welcome."""
    return json.dumps(plain(value), allow_nan=False, **options)


def plain(value: Any) -> Any:
    """The same value made of what JSON knows."""
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


def encode(record: Record) -> str:
    return dumps({name: getattr(record, name) for name in _DECODERS})


def decode(data: Mapping[str, Any], where: str) -> Record:
    """A record from its JSON object. Fields this version does not know are ignored; `where` goes into errors."""
    check_format(data, where)
    require(data, _REQUIRED, where)
    return Record(**{name: _field(name, data[name], where) for name in _DECODERS if name in data})


def check_format(data: Mapping[str, Any], where: str) -> None:
    """Looked at before anything else: a newer format may have other fields."""
    came = data.get("format")
    if isinstance(came, bool) or not isinstance(came, int) or came < 1:
        raise StoreError(f"{where}: no format number (got {came!r}, expected 1 to {FORMAT}); is this a run's file?")
    if came > FORMAT:
        raise StoreError(
            f"{where}: written by a newer version: format {came}, this one reads up to {FORMAT}; upgrade backcheck"
        )


def require(data: Mapping[str, Any], names: tuple[str, ...], where: str) -> None:
    missing = [name for name in names if name not in data]
    if missing:
        raise StoreError(f"{where}: missing {', '.join(missing)}; the file is damaged, run again to rebuild it")


def read_object(text: str, where: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
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
    if not isinstance(value, list):
        raise ValueError("a list of whole numbers")
    return tuple(_whole(item) for item in value)


def _verdict(value: Any) -> Verdict:
    try:
        return Verdict(value)
    except ValueError:
        raise ValueError(f"a verdict ({', '.join(Verdict)})") from None


_BY_TYPE: dict[Any, Callable[[Any], Any]] = {
    str: _text,
    int: _whole,
    float: number,
    Verdict: _verdict,
    tuple[int, ...]: _wholes,
}
_DECODERS = {item.name: _BY_TYPE[item.type] for item in fields(Record)}
_REQUIRED = tuple(item.name for item in fields(Record) if item.default is MISSING)


def _field(name: str, value: Any, where: str) -> Any:
    try:
        return _DECODERS[name](value)
    except (ValueError, OverflowError) as error:
        raise StoreError(
            f"{where}: {name} must be {error}, got {value!r}; upgrade backcheck, or run again to rebuild the file"
        ) from error
