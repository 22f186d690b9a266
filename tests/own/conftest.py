"""These tests plant wrong gradients on purpose: what they check stays off the page of the session."""

from pathlib import Path

import pytest

HERE = (Path(__file__).parent, Path(__file__).parents[1] / "examples")


def pytest_collection_modifyitems(items):
    for item in items:
        if any(folder in item.path.parents for folder in HERE):
            item.add_marker(pytest.mark.backcheck(report=False))
