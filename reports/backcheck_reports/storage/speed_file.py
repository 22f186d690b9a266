"""The times of rules beside PyTorch's, which `benchmarks/rule_speed.py --json` may leave in a run's folder."""

import json
from pathlib import Path
from typing import Any

from backcheck_reports.storage.files import StoreError, reading

FILE = "speed.json"


def read_speed(folder: Path | str) -> tuple[Any, ...] | None:
    """The rows of the file; None where there is no file."""
    path = Path(folder) / FILE
    if not path.exists():
        return None
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
    return tuple(rows)
