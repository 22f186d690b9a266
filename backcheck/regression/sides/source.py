"""Where the code of a side comes from: a git revision, a folder, or an installed distribution.

Each becomes a folder that can be imported from. A revision is written to a temporary folder, through a git index of its
own: the working tree and the index of the repository stay as they are.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlparse

from backcheck.errors import BackcheckError, BadInput
from backcheck.regression.sides.temporary import temporary_folder
from backcheck_reports.number_format import counted

GIT_SECONDS, BUILD_SECONDS = 120, 3600
COMPILED = (".so", ".pyd", ".dylib")


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two versions of the code. `asked` is what the user called it, `root` the folder to import from, and
    `title` what it is in words. `lacks` says what a revision has not that the working tree has: submodules, and what is
    compiled."""

    asked: str
    root: Path
    title: str
    commit: str = ""
    lacks: str = ""


class CouldNot(BackcheckError, RuntimeError):
    """A side cannot be compared: its code cannot be built or loaded, its process died or never answered."""


@contextmanager
def opened(what: str, option: str = "--against", build: str = "") -> Iterator[Side]:
    """The side that `what` names. Raises BadInput, with what was tried, when it names nothing.

    A name of both a revision and a folder means the revision, unless it is written with a slash or a dot. In the folder
    of a revision the command `build` is run first; raises CouldNot where it fails.
    """
    if _is_path(what):
        yield _folder(what, option)
        return
    commit = commit_of(what)
    if commit:
        with temporary_folder() as place:
            root = _checked_out(commit, place)
            lacks = "" if build else _lacking(commit)
            if build:
                _built(build, root, described(commit, "%h %s"))
            yield Side(what, root, f"{what} ({described(commit, '%h %s')})", commit, lacks)
        return
    if Path(what).is_dir():
        yield _folder(what, option)
        return
    yield _installed(what, option)


def _built(build: str, root: Path, title: str) -> None:
    """Run the command that builds a revision. Its words are shown where it fails."""
    try:
        done = subprocess.run(
            build, shell=True, cwd=root, capture_output=True, text=True, errors="replace", timeout=BUILD_SECONDS
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise CouldNot(f"--build {build!r} at {title}: {error}") from error
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()[-1]
        raise CouldNot(f"--build {build!r} at {title} ended with {done.returncode}: {last}")


def _lacking(commit: str) -> str:
    """What a checked out revision lacks, in words: for where its code cannot be imported."""
    links = [
        row.partition("\t")[2] for row in _git(Path.cwd(), "ls-tree", "-r", commit).splitlines() if " commit " in row
    ]
    ignored = _git(Path.cwd(), "ls-files", "--others", "--directory", "--no-empty-directory").splitlines()
    compiled = [row for row in ignored if row.endswith(COMPILED)]
    said = [f"its submodules are not there ({', '.join(links[:3])})"] if links else []
    if compiled:
        said.append(f"what is compiled is not there ({', '.join(compiled[:3])}): build it with --build COMMAND")
    return "; ".join(said)


def shallow_hint() -> str:
    """What to do about a clone without its history; empty where it has it."""
    if _git(Path.cwd(), "rev-parse", "--is-shallow-repository") != "true":
        return ""
    return "this clone is shallow: git fetch --unshallow, or fetch-depth: 0 in the checkout of a CI job"


def parents(commit: str) -> list[str]:
    """The parents of a commit, the first one first."""
    return _git(Path.cwd(), "rev-list", "--parents", "-n", "1", commit).split()[1:]


def merge_base(one: str, other: str) -> str:
    return _git(Path.cwd(), "merge-base", one, other)


def _is_path(what: str) -> bool:
    return what in (".", "..") or what.startswith(("./", "../", "/", "~")) or (os.sep in what and Path(what).is_dir())


def _folder(what: str, option: str) -> Side:
    root = Path(what).expanduser().resolve()
    if not root.is_dir():
        raise BadInput(f"{option}: {what!r} is no folder; give the folder that the code is imported from")
    return Side(what, root, title_of(root, what))


def title_of(root: Path, what: str) -> str:
    """A folder in words: the commit it is a checkout of, and whether files differ from it."""
    commit = _git(root, "rev-parse", "--short", "HEAD")
    if not commit:
        return f"the folder {what}"
    changed = len((_git(root, "status", "--porcelain", "--untracked-files=no") or "").splitlines())
    files = f"{counted(changed, 'file')} changed" if changed else "clean"
    return f"the working tree (at {commit}, {files})" if what == "." else f"the folder {what} (at {commit}, {files})"


def commit_of(revision: str, folder: Path | None = None) -> str:
    """The full hash of a revision; empty when there is no such revision or no repository."""
    return _git(folder or Path.cwd(), "rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}")


def changes_of_file(file: Path) -> str:
    """Why git could not put this file back as it is, in words; empty where it has all of it."""
    if not _git(file.parent, "ls-files", "--error-unmatch", "--", file.name):
        return "git does not know it"
    mark = _git(file.parent, "ls-files", "-v", "--", file.name)[:1]
    if mark.islower() or mark == "S":
        return "git is told not to look at it"
    return "it has changes" if _git(file.parent, "status", "--porcelain", "--", file.name) else ""


def commits(first: str, last: str = "HEAD") -> list[str]:
    """The commits after `first` up to `last` that touch anything, oldest first, along the first parents."""
    listed = _git(Path.cwd(), "rev-list", "--reverse", "--first-parent", f"{first}..{last}")
    return listed.split()


def described(commit: str, form: str = "%h %as %s") -> str:
    """A commit in one line: short hash, date and subject."""
    return _git(Path.cwd(), "log", "-1", f"--format={form}", commit) or commit[:7]


def _checked_out(commit: str, place: Path) -> Path:
    """Write the commit's files below `place`; the folder there that corresponds to the current one."""
    top = _git(Path.cwd(), "rev-parse", "--show-toplevel")
    prefix = _git(Path.cwd(), "rev-parse", "--show-prefix").strip("/")
    tree = place / "tree"
    environment = {**os.environ, "GIT_INDEX_FILE": str(place / "index")}
    for arguments in (("read-tree", commit), ("checkout-index", "--all", "--quiet", f"--prefix={tree}{os.sep}")):
        command = ["git", "-C", top, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=GIT_SECONDS)
        if done.returncode:
            raise BadInput(f"git {arguments[0]} of {commit[:7]} failed: {done.stderr.strip()}; is the clone complete?")
    return tree / prefix if (tree / prefix).is_dir() else tree


def _installed(what: str, option: str) -> Side:
    """Where an installed distribution is imported from: its checkout when it was installed editable."""
    try:
        found = metadata.distribution(what)
    except (metadata.PackageNotFoundError, ValueError):
        hint = shallow_hint() or "give for instance HEAD, a tag, ../other-checkout, or the name that pip knows"
        raise BadInput(
            f"{option}: {what!r} is no git revision here, no folder and no installed distribution; {hint}"
        ) from None
    origin = json.loads(found.read_text("direct_url.json") or "{}")
    editable = origin.get("dir_info", {}).get("editable")
    root = Path(unquote(urlparse(origin["url"]).path)) if editable else Path(str(found.locate_file("")))
    return Side(what, root.resolve(), f"the installed {what} {found.version}")


def _git(folder: Path, *arguments: str) -> str:
    """What git prints; empty when it fails or is not there."""
    command = ["git", "--no-optional-locks", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=GIT_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
