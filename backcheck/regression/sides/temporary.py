"""A temporary folder that is gone afterwards, also when the process before was killed."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

PREFIX = "backcheck-old-"


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder with the id of this process in its name. What killed processes have left is removed first."""
    _remove_left(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-", ignore_cleanup_errors=True) as place:
        yield Path(place)


def _remove_left(folder: Path) -> None:
    for place in folder.glob(f"{PREFIX}*"):
        found = re.match(rf"{PREFIX}(\d+)-", place.name)
        if found and not psutil.pid_exists(int(found[1])) and _ours(place):
            shutil.rmtree(place, ignore_errors=True)


def _ours(place: Path) -> bool:
    """Is it a folder of this user's, and no link?"""
    try:
        status = place.lstat()
    except OSError:
        return False
    return place.is_dir() and not place.is_symlink() and (not hasattr(os, "getuid") or status.st_uid == os.getuid())
