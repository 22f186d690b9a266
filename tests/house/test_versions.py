"""Lower bounds in pyproject.toml are versions that the suite was run with; the known-good ones lie in the ranges."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.house.modules import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
# what runs beside the suite, not in it: any version that knows our options will do
TOOLS = {"ruff", "mypy", "playwright", "axe-playwright-python", "setuptools"}
TOOLS |= {"triton", "numba", "ninja"}  # the extra for kernels: subjects of tests, no part of what judges them
REQUIRED = {
    canonicalize_name(requirement.name): requirement
    for requirement in map(Requirement, (*PROJECT["dependencies"], *(each for few in EXTRAS.values() for each in few)))
    if requirement.name != "backcheck"
}


def pins(name: str) -> dict[str, Version]:
    lines = re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
    return {canonicalize_name(package): Version(version) for package, version in lines}


@pytest.mark.parametrize("package", sorted(REQUIRED.keys() - TOOLS))
def test_the_lower_bound_is_the_version_that_was_tried(package):
    (lowest,) = [each.version for each in REQUIRED[package].specifier if each.operator == ">="]
    assert pins("constraints-lowest.txt")[package] == Version(lowest)


@pytest.mark.parametrize("package", sorted(REQUIRED))
def test_the_known_good_version_is_within_the_range(package):
    assert pins("constraints.txt")[package] in REQUIRED[package].specifier


def test_the_versions_of_python_are_those_of_the_workflow():
    workflow = (ROOT / ".github/workflows/gradients.yml").read_text(encoding="utf-8")
    (listed,) = re.findall(r"python-version: \[(.+)\]", workflow)
    named = [each.rpartition(" ")[2] for each in PROJECT["classifiers"] if re.search(r"Python :: 3\.", each)]
    assert re.findall(r"[\d.]+", listed) == named
    assert PROJECT["requires-python"] == f">={named[0]}"
