"""The workflow of the project's own CI: what it runs exists, and what it shows is shown after a failure too."""

import re
from pathlib import Path

import pytest

from backcheck.commands.options import OUT, commands
from backcheck.commands.outcome import PAGE

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / ".github/workflows/gradients.yml").read_text(encoding="utf-8")
STEPS = re.split(r"^      - ", TEXT, flags=re.MULTILINE)[1:]


def step(words):
    (found,) = [each for each in STEPS if words in each]
    return found


def test_what_it_runs_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"run: make (\w+)", TEXT)
    assert targets == ["lint", "test", "verify", "power"]
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)
    (command,) = re.findall(r"bin/backcheck (\w+)", TEXT)
    assert command in commands.commands


def test_page_and_summary_are_kept_after_a_failure_too():
    assert f"path: {OUT}/{PAGE}\n" in step("upload-artifact")
    assert f'backcheck summary {OUT} >> "$GITHUB_STEP_SUMMARY"' in step("name: Summary")
    assert all("if: ${{ always() }}" in step(words) for words in ("upload-artifact", "name: Summary"))


def test_a_failing_test_does_not_keep_the_gradients_from_being_verified():
    assert "if: ${{ !cancelled() }}" in step("make verify")


def test_it_is_yaml():
    yaml = pytest.importorskip("yaml")
    found = yaml.safe_load(TEXT)
    (job,) = found["jobs"].values()
    assert job["runs-on"] == "ubuntu-latest"
    assert [each for each in job["steps"] if "run" not in each and "uses" not in each] == []
    python = next(each["with"] for each in job["steps"] if "setup-python" in each.get("uses", ""))
    assert (python["python-version"], python["cache"]) == ("${{ matrix.python-version }}", "pip")
    # YAML reads the key "on" as true
    assert set(found.get("on", found.get(True))) == {"push", "pull_request"}


def test_it_is_indented_as_yaml_wants():
    for line in TEXT.splitlines():
        assert "\t" not in line
        assert (len(line) - len(line.lstrip())) % 2 == 0
        assert line == line.rstrip()
