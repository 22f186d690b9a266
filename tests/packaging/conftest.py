"""The wheel, the sdist and the environments are made once in a run of the tests, however many processes share it."""

import functools
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.packaging import builds
from tests.packaging.environments import Environment


@pytest.fixture(scope="session")
def shelf(tmp_path_factory) -> Path:
    """A folder that all processes of this run share."""
    base = tmp_path_factory.getbasetemp()
    found = (base.parent if base.name.startswith("popen-") else base) / "packaging"
    found.mkdir(exist_ok=True)
    return found


@pytest.fixture(scope="session")
def distribution(shelf) -> Callable[[str], Path]:
    return functools.partial(builds.distribution, shelf)


@pytest.fixture(scope="session")
def installed(shelf) -> Callable[[str], Environment]:
    return functools.partial(builds.environment, shelf)
