"""Records as Parquet, written and read by DuckDB where it is installed.

The records go to DuckDB as the very lines that the plain files hold: handing it arrays would turn every NaN into NULL.
"""

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import fields
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

from backcheck_reports.record import Record, Verdict
from backcheck_reports.storage.codec import encode
from backcheck_reports.storage.files import StoreError, replacing_file, writing

BATCH = 10_000
SETTINGS = {"memory_limit": "1GB", "threads": 2}
_COLUMNS: dict[Any, str] = {str: "VARCHAR", Verdict: "VARCHAR", int: "BIGINT", float: "DOUBLE"}
COLUMNS = {item.name: _COLUMNS.get(item.type, "BIGINT[]") for item in fields(Record)}
_COPY = "COPY (SELECT * FROM read_json({lines}, format = 'newline_delimited', columns = {columns})) TO {target} ({how})"


def write(path: Path | str, records: Iterable[Record]) -> None:
    """All records in one file, which is written whole or not at all."""
    path, duckdb = Path(path), engine()
    with tempfile.TemporaryDirectory(prefix="backcheck-") as folder, writing(path):
        lines = Path(folder) / "records.jsonl"
        with open(lines, "w", encoding="utf-8", errors="replace", newline="\n") as file:
            file.writelines(f"{encode(record, ascii=False)}\n" for record in records)
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing_file(path) as part:
            _convert(duckdb, lines, part, path)


def _convert(duckdb: Any, lines: Path, part: Path, path: Path) -> None:
    columns = f"{{{', '.join(f'{_text(name)}: {_text(kind)}' for name, kind in COLUMNS.items())}}}"
    how = "FORMAT parquet, COMPRESSION zstd"
    said = _COPY.format(lines=_text(lines), columns=columns, target=_text(part), how=how)
    try:
        with duckdb.connect(config=SETTINGS) as connection:
            connection.execute(said)
    except duckdb.Error as error:
        raise StoreError(
            f"cannot write {path}: {_first(error)}; whole numbers must fit 64 bits, or choose --format csv"
        ) from error


def rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each row as an object without its NULLs, and the place for errors to quote."""
    duckdb, numbers = engine(), count(1)
    try:
        with duckdb.connect(config=SETTINGS) as connection:
            found = connection.execute("SELECT * FROM read_parquet(?)", [str(path)])
            names = [column[0] for column in found.description]
            while batch := found.fetchmany(BATCH):
                for row in batch:
                    yield f"{path} row {next(numbers)}", _object(names, row)
    except duckdb.Error as error:
        raise StoreError(
            f"cannot read {path}: {_first(error)}, expected records in Parquet; "
            "delete the file, or make it again with: backcheck report DIR --format parquet"
        ) from error


def _object(names: list[str], row: tuple[Any, ...]) -> dict[str, Any]:
    return {name: value for name, value in zip(names, row, strict=True) if value is not None}


def engine() -> Any:
    """DuckDB, or the word on how to get it."""
    try:
        return import_module("duckdb")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "records in Parquet need DuckDB, which is not installed here; install it with: "
            "pip install 'backcheck[scale]' (or pip install duckdb), or stay with the plain files",
            name="duckdb",
        ) from error


def _text(value: Path | str) -> str:
    """A string of SQL."""
    doubled = str(value).replace("'", "''")
    return f"'{doubled}'"


def _first(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:300]
