"""A folder is claimed for a new run: what an earlier run of ours left there is removed, and nothing else ever is.

What a manifest lists is removed where it is as it was written. A file under a name that a run would write, which no
manifest lists or which has changed since, belongs to somebody: the folder is refused, with a sentence. Links are
removed and never followed.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from backcheck_reports.storage.files import StoreError, check_writable, writing
from backcheck_reports.storage.manifest import MANIFEST, Manifest, begin, go_on, named, read_manifest
from backcheck_reports.storage.shards import SHARD_FILES, sources_and_loss

NOTES, RUN = "notes", "run.json"
OTHER_PLACE = "nothing was removed; move it away, or give another --out"


def claim(folder: Path | str, also: Sequence[str] = ()) -> None:
    """Make the folder, remove what an earlier run of ours left there, and begin a manifest.

    `also` are names that the run will write besides shards and run.json. Raises StoreError where something is in the
    way that is not ours.
    """
    folder = Path(folder)
    check_writable(folder)
    require_claimable(folder, also)
    with writing(folder):
        for path in _left_by(folder, read_manifest(folder)):
            path.unlink(missing_ok=True)
        with suppress(OSError):  # somebody's own notes are in it
            if not (folder / NOTES).is_symlink():
                (folder / NOTES).rmdir()
    begin(folder)


def require_claimable(folder: Path, also: Sequence[str] = ()) -> None:
    """Raises StoreError where a file that is not ours has a name that a run would write."""
    manifest = read_manifest(folder)
    own = set(_left_by(folder, manifest))
    there = [path for name in (RUN, MANIFEST, *SHARD_FILES, *also) for path in sorted(folder.glob(name))]
    strange = [path.name for path in there if path not in own]
    if strange and manifest is None:
        raise StoreError(
            f"{folder} has {named(strange)}, and no {MANIFEST} of ours that lists it: it is of an older version, or "
            f"somebody's own; {OTHER_PLACE}"
        )
    if strange:
        raise StoreError(f"{folder} has {named(strange)}, which is not as a run wrote it, or never was; {OTHER_PLACE}")


def _left_by(folder: Path, manifest: Manifest | None) -> Iterator[Path]:
    """What an earlier run left: the files that its manifest lists, as it wrote them, and parts of its files."""
    if manifest is None:
        return
    # run.json has the options of the run: as long as it is there, --resume can go on with what is left
    for name in sorted(manifest.files, key=lambda name: name == RUN):
        path = folder / name
        if path.parent.is_symlink() and path.parent != folder:
            continue  # another folder's file
        if path.is_symlink() or manifest.is_own(path, name):
            yield path
    for place in (folder, folder / NOTES):
        if place == folder or not place.is_symlink():
            yield from place.glob(f".*.{manifest.run}*.part")
    yield folder / MANIFEST  # last: as long as anything is left, it is known to be ours


def resume(folder: Path) -> bool:
    """Go on with the run in the folder. False where none has begun there.

    Raises StoreError for a run without its manifest, and where a shard's file is of another run.
    """
    manifest, run = read_manifest(folder), folder / RUN
    if manifest is None and not os.path.lexists(run):
        return False
    if manifest is None:
        raise StoreError(
            f"--resume: {folder} has no readable {MANIFEST} that lists what its run wrote (an older version writes "
            "none), so nobody knows what is still to be done; run it again into another --out"
        )
    if not os.path.lexists(run):
        if any(name.startswith("records-") and os.path.lexists(folder / name) for name in manifest.files):
            raise StoreError(f"--resume: {run}, which has the run's options, is gone; run it again into another --out")
        return False
    foreign = [name for kind in ("records", "cases") for name in sources_and_loss(folder, kind)[1].foreign]
    if foreign:
        raise StoreError(f"--resume: {folder} has {named(foreign)} of another run; move it away, and go on")
    for path in map(folder.joinpath, manifest.files):
        if path.is_symlink() and path.parent == folder:
            path.unlink()
    go_on(folder, manifest.run)
    return True
