"""The environment is described without importing a framework, and without showing secrets."""

import shutil
import subprocess
import sys
from importlib import metadata

import numpy as np
import pytest

from backcheck_reports import capture
from backcheck_reports.storage.environment import PACKAGES, cpu_model, flags, git, version


def test_everything_is_text():
    environment = capture()
    assert all(isinstance(name, str) and isinstance(value, str) and value for name, value in environment.items())
    assert environment["numpy"] == np.__version__
    assert set(PACKAGES) < set(environment)


def test_no_framework_is_imported():
    code = (
        "import sys; from backcheck_reports import capture; capture(); "
        "sys.exit(bool({'torch', 'jax'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_missing_package_is_said(monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    assert version("torch") == "not installed"


def test_flags_are_the_numeric_ones_without_secrets():
    shown = flags(
        {
            "OMP_NUM_THREADS": "4",
            "JAX_ENABLE_X64": "1",
            "XLA_FLAGS": "--xla_cpu_enable_fast_math=true",
            "MKL_SERVER_TOKEN": "s3cret",
            "JAX_API_KEY": "s3cret",
            "JAX_COMPILATION_CACHE_DIR": "somewhere",
            "HOME": "somewhere",
            "GITHUB_TOKEN": "s3cret",
        }
    )
    assert shown == {
        "JAX_API_KEY": "(hidden)",
        "JAX_ENABLE_X64": "1",
        "MKL_SERVER_TOKEN": "(hidden)",
        "OMP_NUM_THREADS": "4",
        "XLA_FLAGS": "--xla_cpu_enable_fast_math=true",
    }


def test_outside_a_checkout_and_without_git(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git(tmp_path) == {}
    monkeypatch.setenv("PATH", "")
    assert git(tmp_path) == {}


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
def test_a_checkout_tells_its_commit_and_whether_it_changed(tmp_path):
    def run(*arguments):
        command = [
            "git",
            "-C",
            str(tmp_path),
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b",
            "-c",
            "commit.gpgsign=false",
        ]
        subprocess.run([*command, *arguments], check=True, capture_output=True)

    (tmp_path / "file").write_text("one")
    run("init")
    run("add", "file")
    run("commit", "--no-verify", "-m", "one")
    assert git(tmp_path)["git dirty"] == "no"
    assert len(git(tmp_path)["git commit"]) == 40
    (tmp_path / "file").write_text("two")
    assert git(tmp_path)["git dirty"] == "yes"


def test_a_machine_without_cpuinfo(tmp_path):
    assert cpu_model(tmp_path / "nothing")
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Abacus 9000\n")
    assert cpu_model(tmp_path / "cpuinfo") == "Abacus 9000"
