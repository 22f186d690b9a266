"""Exact count of distinct cases over a stream of records, however long it is and in whatever order they come.

A count of distinct things in small memory is never exact. So what was seen lies in a temporary file of SQLite, which
keeps its own memory below CACHE and deletes the file when it is closed. The records of one case come together: that is
one look-up for each case, not one for each record.
"""

import json
import sqlite3

CACHE = 8  # MiB


class DistinctCases:
    """For each case, what was counted for it: the names of its tensors and the numbers of the rows of the table."""

    def __init__(self) -> None:
        self._table = sqlite3.connect("")  # an empty name is a private temporary file
        for pragma in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = {-1024 * CACHE}"):
            self._table.execute(f"PRAGMA {pragma}")
        self._table.execute("CREATE TABLE cases (id BLOB PRIMARY KEY, counted TEXT) WITHOUT ROWID")

    def recall(self, case: str) -> set[str | int] | None:
        """What `keep` was told of the case; None when it is new."""
        found = self._table.execute("SELECT counted FROM cases WHERE id = ?", (_bytes(case),)).fetchone()
        return None if found is None else set(json.loads(found[0]))

    def keep(self, case: str, counted: set[str | int]) -> None:
        text = json.dumps(list(counted), separators=(",", ":"))
        self._table.execute("INSERT OR REPLACE INTO cases VALUES (?, ?)", (_bytes(case), text))

    def close(self) -> None:
        self._table.close()


def _bytes(case: str) -> bytes:
    """As bytes, since a lone surrogate in an id cannot be stored as text."""
    return case.encode("utf-8", "surrogatepass")
