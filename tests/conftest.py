"""Profiles: `pr` draws the same cases every time, `nightly` others each time and more of them."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow], "database": None}
settings.register_profile("pr", derandomize=True, print_blob=True, **COMMON)
settings.register_profile("nightly", max_examples=2000, print_blob=True, **COMMON)
settings.load_profile(os.environ.get("BACKCHECK_PROFILE", "pr"))

HERE = Path(__file__).parent
# these tests plant wrong gradients on purpose: what they check stays off the page of the session
PLANTED = tuple(HERE / folder for folder in ("subjects", "reference/frontends", "examples", "test_keys.py"))


def pytest_collection_modifyitems(items):
    for item in items:
        if any(place in (item.path, *item.path.parents) for place in PLANTED):
            item.add_marker(pytest.mark.backcheck(report=False))


@pytest.fixture(autouse=True)
def _the_same_numbers(request):
    """What a test draws from its module's RNG does not depend on which tests ran before it."""
    rng = getattr(request.module, "RNG", None)
    if rng is None:
        yield
        return
    before = rng.bit_generator.state
    yield
    rng.bit_generator.state = before
