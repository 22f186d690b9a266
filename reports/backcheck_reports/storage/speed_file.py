"""What other commands leave beside a run, to be shown with it."""

import json
from pathlib import Path
from typing import Any

from backcheck_reports.storage.files import StoreError, reading

SPEED = "speed.json"


def timed(folder: Path | str) -> dict[str, tuple[Any, ...]]:
    """The times that `benchmarks/rule_speed.py --json` has left in the folder, as a field of the run; {} for none."""
    path = Path(folder) / SPEED
    if not path.exists():
        return {}
    with reading(path):
        text = path.read_text(encoding="utf-8", errors="replace")
    try:
        rows = json.loads(text)
    except ValueError as error:
        raise StoreError(
            f"{path} is no JSON ({error}); measure again with rule_speed.py --json, or delete it"
        ) from error
    if not isinstance(rows, list):
        raise StoreError(f"{path}: expected a list of rows, got {type(rows).__name__}; measure again, or delete it")
    return {"speed": tuple(rows)}
