"""What each case of a stream has shown so far, exact however long the stream is and whatever its order.

No memory that stays small can count what is distinct without an error. The records of one case come together, so there
is one look-up for each case and not for each record, and what was seen lies in a temporary file of SQLite, which keeps
its own memory to CACHE and vanishes when it is closed.
"""

import json
import sqlite3

CACHE = 8  # MiB


class Visited:
    """By case, the names of its tensors and the numbers of the rows that it is counted in."""

    def __init__(self) -> None:
        self._table = sqlite3.connect("")  # an empty name is a private file that nobody else finds
        for pragma in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = {-1024 * CACHE}"):
            self._table.execute(f"PRAGMA {pragma}")
        self._table.execute("CREATE TABLE seen (name BLOB PRIMARY KEY, shown TEXT) WITHOUT ROWID")

    def recall(self, case: str) -> set[str | int] | None:
        """What `keep` was told of the case; None when it is new."""
        found = self._table.execute("SELECT shown FROM seen WHERE name = ?", (_bytes(case),)).fetchone()
        return None if found is None else set(json.loads(found[0]))

    def keep(self, case: str, shown: set[str | int]) -> None:
        said = json.dumps(list(shown), separators=(",", ":"))
        self._table.execute("INSERT OR REPLACE INTO seen VALUES (?, ?)", (_bytes(case), said))

    def close(self) -> None:
        self._table.close()


def _bytes(case: str) -> bytes:
    """Somebody's lone surrogate is a name like any other."""
    return case.encode("utf-8", "surrogatepass")
