"""What is kept of a shard whose worker has ended: the networks that need not be checked again."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backcheck_reports import Record, StoreError
from backcheck_reports.storage import schema
from backcheck_reports.storage.codec import decode
from backcheck_reports.storage.shards import sources


@dataclass(slots=True)
class KeptNetwork:
    """The line of its case, and its records."""

    case: dict[str, Any]
    records: list[Record] = field(default_factory=list)


def kept(folder: Path | str, shard: int) -> dict[int, KeptNetwork]:
    """By number, the networks of a shard whose records and whose case are whole. The case is written after them."""
    found = {row.get("network", -1): KeptNetwork(row) for row in _rows(Path(folder), "cases", shard)}
    try:
        for row in _rows(Path(folder), "records", shard):
            if row.get("network") in found:
                found[row["network"]].records.append(decode(row, ""))
    except StoreError:  # damaged by others: the shard is made anew
        return {}
    return {network: each for network, each in found.items() if each.records}


def _rows(folder: Path, kind: str, shard: int) -> Iterator[dict[str, Any]]:
    """The objects of the longest attempt at a shard, up to the line that its writer did not finish."""
    for source in sources(folder, kind):
        if source.shard == shard and not source.whole:
            with open(source.path, "rb") as lines:
                for line in lines:
                    try:
                        yield schema.read(line, schema.JsonObject, "")
                    except StoreError:
                        return
