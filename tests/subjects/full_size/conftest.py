"""Few entries are many here, so that the tests are quick."""

import pytest

from backcheck.subjects.full_size import check


@pytest.fixture
def from_few(monkeypatch):
    pytest.importorskip("torch", reason="balls are computed by PyTorch")
    monkeypatch.setattr(check, "MANY", 256)
