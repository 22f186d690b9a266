"""One run at a time in a folder: a lock that the system takes back when its process ends, however it ends."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backcheck_reports.storage.files import StoreError, check_writable, writing
from backcheck_reports.storage.manifest import read_manifest

LOCK = ".lock"
HELD = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)
NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)  # some network folders have none

if sys.platform == "win32":
    import msvcrt

    def _take(file: int) -> None:
        os.lseek(file, 0, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def locked(folder: Path | str) -> Iterator[None]:
    """Within the block the folder, which is made, is ours alone. Raises StoreError where another process has it."""
    path = Path(folder) / LOCK
    check_writable(folder)
    with writing(path):
        # not followed where it is a link, and not handed on to workers: they may outlive this process
        file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
    try:
        _require_lock(file, Path(folder))
        yield
    finally:
        os.close(file)


def _require_lock(file: int, folder: Path) -> None:
    try:
        _take(file)
    except OSError as error:
        if error.errno in NO_LOCKS:
            return
        if error.errno not in HELD:
            raise
        manifest = read_manifest(folder)
        who = manifest.writer if manifest is not None and manifest.writer else "another process"
        raise StoreError(
            f"{folder} is in use: {who} writes a run there; wait until it has ended, or give another --out"
        ) from error
