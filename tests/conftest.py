"""Profiles: `pr` draws the same cases every time, `nightly` others each time and more of them."""

import os

from hypothesis import HealthCheck, settings

COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow], "database": None}
settings.register_profile("pr", derandomize=True, print_blob=True, **COMMON)
settings.register_profile("nightly", max_examples=2000, print_blob=True, **COMMON)
settings.load_profile(os.environ.get("BACKCHECK_PROFILE", "pr"))
