"""The folder for what is kept from one run to the next and can be made again: compiled functions and the like."""

import functools
import os
import tempfile
from pathlib import Path


def cache_folder(name: str) -> Path:
    """One of its folders: below BACKCHECK_CACHE, or below the user's own cache. It need not exist yet."""
    if chosen := os.environ.get("BACKCHECK_CACHE"):
        return Path(chosen) / name
    try:
        return Path.home() / ".cache" / "backcheck" / name
    except RuntimeError:  # a user without a home
        return _temporary() / name


@functools.cache
def _temporary() -> Path:
    """A folder that nobody else can have filled."""
    return Path(tempfile.mkdtemp(prefix="backcheck-cache-"))
