"""What is built and installed for these tests: the wheel, the sdist, and an environment for each way to install."""

import fcntl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.packaging.environments import Environment, beside_the_running_one, pip, source


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Is it for this process to make what belongs at the path? Any other waits until it is there."""
    made = path.with_name(f"{path.name}.made")
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield not made.exists()
        made.touch()


def distribution(shelf: Path, kind: str) -> Path:
    """The file of a `wheel` or an `sdist`, built from a copy of the tree."""
    with alone(shelf / kind) as make:
        if make:
            _build(source(shelf / f"{kind}_source"), kind, shelf / kind)
    (found,) = (shelf / kind).iterdir()
    return found


def _build(tree: Path, kind: str, folder: Path) -> None:
    """By the build backend itself, as `python -m build` calls it."""
    folder.mkdir()
    code = f"from setuptools import build_meta; build_meta.build_{kind}({str(folder)!r})"
    done = Environment(Path(sys.prefix)).run([sys.executable, "-c", code], tree)
    assert done.returncode == 0, done.stdout + done.stderr


def environment(shelf: Path, how: str) -> Environment:
    """The environment in which backcheck is installed as a `wheel`, `editable` or `editable after a run`."""
    folder = shelf / f"{how} environment".replace(" ", "_")
    with alone(folder) as make:
        if make:
            made = beside_the_running_one(folder)
            _write_pytest_command(made)
            _install(made, how, shelf)
    return Environment(folder)


def _install(made: Environment, how: str, shelf: Path) -> None:
    if how == "wheel":
        pip(made, "install", "--no-deps", distribution(shelf, "wheel"))
        return
    tree = source(shelf / f"{made.folder.name}_source")
    editable = ("install", "--no-deps", "--no-build-isolation", "--editable", tree)
    pip(made, *editable)
    if how == "editable after a run":
        _run_in(tree, made)
        pip(made, *editable)  # the folder that a run has left must not count as a package


def _run_in(folder: Path, made: Environment) -> None:
    """A short run that leaves its default folder."""
    command = ("backcheck", "verify", "--networks", "2", "--rules", "tanh,dense", "--oracles", "differences")
    done = made.run((*command, "--workers", "1"), folder)
    assert (folder / "backcheck-out/agreement.html").exists(), done.stdout + done.stderr


def _write_pytest_command(made: Environment) -> None:
    """The `pytest` command lies beside the running interpreter, not among its packages."""
    path = made.folder / "bin/pytest"
    path.write_text(f"#!{made.python}\nimport sys\nfrom pytest import console_main\nsys.exit(console_main())\n")
    path.chmod(0o755)
