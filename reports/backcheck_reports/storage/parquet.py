"""Records as Parquet, written and read by DuckDB where it is installed.

DuckDB gets the records as the JSON lines that the plain files hold. Given arrays, it would turn every NaN into NULL.
"""

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import fields
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

from backcheck_reports.destination import GENERATOR, Refusal
from backcheck_reports.record import Record, Verdict
from backcheck_reports.storage.codec import encode
from backcheck_reports.storage.files import StoreError, open_part

BATCH = 10_000  # rows
SETTINGS = {"memory_limit": "1GB", "threads": 2}
_SQL_TYPES: dict[Any, str] = {str: "VARCHAR", Verdict: "VARCHAR", int: "BIGINT", float: "DOUBLE"}
COLUMNS = {item.name: _SQL_TYPES.get(item.type, "BIGINT[]") for item in fields(Record)}
_COPY = (
    "COPY (SELECT * FROM read_json({lines}, format = 'newline_delimited', columns = {columns})) "
    "TO {target} (FORMAT parquet, COMPRESSION zstd, KV_METADATA {{generator: {generator}}})"
)


def write(part: Path, records: Iterable[Record]) -> None:
    """All records as a new file. Raises Refusal where DuckDB cannot."""
    duckdb = _duckdb()
    with tempfile.TemporaryDirectory(prefix="backcheck-") as folder:
        lines = Path(folder) / "records.jsonl"
        with open_part(lines) as file:
            file.writelines(f"{encode(record, ascii_only=False)}\n" for record in records)
        _convert(duckdb, lines, part)


def _convert(duckdb: Any, lines: Path, part: Path) -> None:
    columns = f"{{{', '.join(f'{_quoted(name)}: {_quoted(kind)}' for name, kind in COLUMNS.items())}}}"
    statement = _COPY.format(lines=_quoted(lines), columns=columns, target=_quoted(part), generator=_quoted(GENERATOR))
    try:
        with duckdb.connect(config=SETTINGS) as connection:
            connection.execute(statement)
    except duckdb.Error as error:
        raise Refusal(f"{_first_line(error)}; whole numbers must fit 64 bits, or choose --format csv") from error


def rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each row as an object without its NULLs, and its place in the file for errors to quote."""
    duckdb, numbers = _duckdb(), count(1)
    try:
        with duckdb.connect(config=SETTINGS) as connection:
            found = connection.execute("SELECT * FROM read_parquet(?)", [str(path)])
            names = [column[0] for column in found.description]
            while batch := found.fetchmany(BATCH):
                for row in batch:
                    filled = {name: value for name, value in zip(names, row, strict=True) if value is not None}
                    yield f"{path} row {next(numbers)}", filled
    except duckdb.Error as error:
        raise StoreError(
            f"cannot read {path}: {_first_line(error)}, expected records in Parquet; "
            "delete the file, or make it again with: backcheck report DIR --format parquet"
        ) from error


def _duckdb() -> Any:
    """The module, or an error that says how to install it."""
    try:
        return import_module("duckdb")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "records in Parquet need DuckDB, which is not installed here; install it with: "
            "pip install 'backcheck[scale]' (or pip install duckdb), or stay with the plain files",
            name="duckdb",
        ) from error


def _quoted(value: Path | str) -> str:
    """A string literal of SQL."""
    doubled = str(value).replace("'", "''")
    return f"'{doubled}'"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:300]
