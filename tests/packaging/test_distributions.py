"""The wheel and the sdist as a stranger gets them: in an empty environment, with what the registry gives."""

import json
import re
import subprocess
import sys
import tarfile
import venv
from pathlib import Path

import pytest

from tests.packaging.environments import ROOT, Environment, pip

SWISH = '''"""A swish whose author forgot half of the product rule."""

import numpy as np


def forward(x):
    s = 1 / (1 + np.exp(-x))
    return x * s, s


def backward(s, dy):
    return dy * s
'''
NEEDED_TO_BUILD = (
    *("pyproject.toml", "README.md", "LICENSE", "backcheck/py.typed", "scratch_bp/py.typed"),
    *("reference/backcheck_reference/__init__.py", "reference/backcheck_reference/py.typed"),
    *("reports/backcheck_reports/page/templates/page.html.j2", "reports/backcheck_reports/py.typed"),
)


def test_the_sdist_has_what_is_needed_to_build(distribution):
    with tarfile.open(distribution("sdist")) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert not set(NEEDED_TO_BUILD) - names


@pytest.fixture(scope="module")
def registry(tmp_path_factory) -> None:
    """Skips where no package can be had."""
    command = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest")
    done = subprocess.run(
        (*command, tmp_path_factory.mktemp("probe"), "jinja2"), capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode:
        pytest.skip(f"needs a package registry: {done.stderr.strip().splitlines()[-1]}")


@pytest.fixture(scope="module", params=["wheel", "sdist"])
def stranger(request, registry, distribution, tmp_path_factory) -> Environment:
    """A new environment with `backcheck[exact]` and what it asks for, and nothing else."""
    made = Environment(tmp_path_factory.mktemp(request.param) / "environment")
    venv.create(made.folder, symlinks=True)
    pip(made, "install", f"{distribution(request.param)}[exact]", most_seconds=1200)
    return made


@pytest.mark.slow
def test_it_has_templates_types_and_the_licence(stranger):
    templates = ROOT / "reports/backcheck_reports/page/templates"
    packages = {folder.name: folder for folder in stranger.site.iterdir()}
    assert {path.name for path in (packages["backcheck_reports"] / "page/templates").iterdir()} == {
        path.name for path in templates.iterdir()
    }
    for package in ("backcheck", "backcheck_reference", "backcheck_reports", "scratch_bp"):
        assert (packages[package] / "py.typed").exists()
    (licence,) = stranger.site.glob("backcheck-*.dist-info/licenses/LICENSE")
    assert licence.read_bytes() == (ROOT / "LICENSE").read_bytes()


@pytest.mark.slow
def test_the_lines_of_the_readme_print_what_it_says(stranger, tmp_path):
    code, says = _first_example()
    (tmp_path / "swish.py").write_text(SWISH, encoding="utf-8")
    (tmp_path / "mine.py").write_text(code, encoding="utf-8")
    done = stranger.run(("python", "mine.py"), tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == says


def _first_example() -> tuple[str, str]:
    """README's first lines of Python, and what it says that they print."""
    readme = Path(ROOT / "README.md").read_text(encoding="utf-8")
    code, says = re.findall(r"^```(?:python)?\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)[:2]
    return code, says


@pytest.mark.slow
def test_the_doctor_says_what_works_there(stranger, tmp_path):
    done = stranger.run(("backcheck", "doctor", "--json"), tmp_path)
    assert done.returncode == 0, done.stderr
    oracles = json.loads(done.stdout)["oracles"]
    assert (oracles["exact"], oracles["differences"]) == ("works", "works")
    assert "install" in oracles["torch"]


@pytest.mark.slow
def test_the_command_verifies_there(stranger, tmp_path):
    command = ("backcheck", "verify", "--networks", "20", "--oracles", "differences,exact", "--workers", "1")
    done = stranger.run(command, tmp_path)
    assert " 0 disagree" in done.stdout, done.stdout + done.stderr
    assert (tmp_path / "backcheck-out/agreement.html").exists()
