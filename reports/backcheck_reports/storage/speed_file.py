"""The times of rules beside PyTorch's, which `benchmarks/rule_speed.py --json` may leave in a run's folder."""

from pathlib import Path
from typing import Any

from backcheck_reports.storage import schema
from backcheck_reports.storage.files import reading

FILE = "speed.json"


def read_speed(folder: Path | str) -> tuple[Any, ...] | None:
    """The rows of the file; None where there is no file."""
    path = Path(folder) / FILE
    if not path.exists():
        return None
    with reading(path):
        text = path.read_text(encoding="utf-8", errors="replace")
    return tuple(
        schema.read(text, list[schema.JsonObject], str(path), "measure again with rule_speed.py --json, or delete it")
    )
