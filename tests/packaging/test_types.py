"""A user's type checker sees the types of an installed backcheck."""

import sys

import pytest

pytest.importorskip("mypy")

PACKAGES = ("backcheck", "backcheck_reference", "backcheck_reports", "scratch_bp")
MINE = """
import numpy as np
from backcheck import check_vjp
from backcheck_reference.numbers.balls import SLACK
from backcheck_reports import Record
from scratch_bp.network import Network

check = check_vjp(np.tanh, np.tanh, [0.5])
reveal_type(check.verdict)
reveal_type(SLACK)
check.verdikt


def parts(record: Record, network: Network) -> None:
    reveal_type(record.dtype)
    reveal_type(network.nodes)
"""
SEEN = ("Verdict", "int", "str", "tuple[")


@pytest.mark.slow  # mypy reads NumPy's types and ours: half a minute
def test_mypy_sees_types(installed, tmp_path):
    environment = installed("wheel")
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    command = (sys.executable, "-m", "mypy", "--python-executable", environment.python)
    done = environment.run((*command, "--strict", "--config-file=", "--cache-dir", tmp_path, "mine.py"), tmp_path)
    revealed = [line for line in done.stdout.splitlines() if "Revealed type" in line]
    assert [word in line for word, line in zip(SEEN, revealed, strict=True)] == [True] * len(SEEN), done.stdout
    assert '"Check" has no attribute "verdikt"' in done.stdout
    assert "Found 1 error" in done.stdout, done.stdout  # and none for a package without types


def test_every_package_is_marked_as_typed(installed):
    site = installed("wheel").site
    assert all((site / package / "py.typed").exists() for package in PACKAGES)
