"""Environments to install backcheck in: the dependencies of the running one, and nothing of ours.

No file is downloaded. Each environment has links to what the running one has installed, so that what is tried is the
package and not the network.
"""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = ("backcheck", "__editable__", "scratch_bp")  # how the names begin that an installation of ours adds
# what makes a source tree. Old build folders stay out: setuptools would put modules that are gone into the wheel
SOURCE = (
    *("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"),
    *("backcheck", "reference", "reports", "scratch_bp"),
)


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin/python"

    @property
    def site(self) -> Path:
        return self.folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"

    def names(self) -> set[str]:
        """The names at the top of what is installed here, of importable things only."""
        return {path.name.removesuffix(".py") for path in self.site.iterdir() if _importable(path)}

    def run(
        self, command: Sequence[str | Path], folder: Path, most_seconds: int = 300
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command in a folder as a user does who has activated the environment, with no trace of these tests."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "COV"))}
        kept["PATH"] = f"{self.folder / 'bin'}{os.pathsep}{kept.get('PATH', '')}"
        found = shutil.which(str(command[0]), path=kept["PATH"]) or str(command[0])
        return subprocess.run(
            [found, *map(str, command[1:])],
            cwd=folder, env=kept, capture_output=True, text=True, timeout=most_seconds, check=False,
        )  # fmt: skip


def _importable(path: Path) -> bool:
    folder = path.is_dir() and path.suffix not in (".dist-info", ".egg-info") and path.name != "__pycache__"
    return folder or path.suffix == ".py"


def beside_the_running_one(folder: Path) -> Environment:
    """A new environment with all that the running one has installed, but nothing of ours."""
    venv.create(folder, symlinks=True)
    made = Environment(folder)
    places = [Path(place) for place in sys.path if place.endswith(("site-packages", "dist-packages"))]
    for path in (each for place in places for each in place.iterdir()):
        link = made.site / path.name
        # a .pth file would bring back what a development installation has added
        if (
            not path.name.startswith(OURS)
            and path.suffix != ".pth"
            and path.name != "__pycache__"
            and not link.exists()
        ):
            link.symlink_to(path)
    return made


def pip(environment: Environment, *arguments: str | Path, most_seconds: int = 300) -> None:
    """The running environment's pip, at work in another one."""
    command = (sys.executable, "-m", "pip", "--python", environment.python, "--quiet", *arguments)
    done = environment.run(command, environment.folder, most_seconds)
    assert done.returncode == 0, done.stdout + done.stderr


def source(folder: Path) -> Path:
    """A copy of the tree to build from: building leaves folders behind, and a user's tree has none of ours."""
    folder.mkdir()
    for name in SOURCE:
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(path, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(path, folder / name)
    return folder
