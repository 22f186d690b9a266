"""Records, runs and notes for the tests of the reports."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from backcheck_reports import CaseNote, Record, Run, Verdict

SOUND = Record(
    case="c0ffee00",
    network=0,
    tensor="p0",
    rule="dense",
    argument="w",
    party="numpy",
    dtype="float64",
    profile="generic normal",
    shape=(3, 2),
    entries=6,
    verdict=Verdict.AGREE,
    absolute=1e-17,
    relative=1e-16,
    ulps=0.5,
    fraction=0.01,
    allowed=1e-15,
    resolution=1e-13,
    index=(2, 1),
    got=0.1,
    want=0.1,
)
NOTE = CaseNote(
    id="c0ffee00",
    title="layer_norm.dgamma float64",
    lines=("dgamma is 4 times too large, and the batch is 4.",),
    network="x [3, 2] -- dense -- y",
    table=(("[2, 1]", "0.4", "0.1", "1e-15"),),
    reproducer="import numpy as np\nprint(np.pi)\n",
    again="backcheck replay c0ffee00",
)


@pytest.fixture(scope="session")
def make() -> Callable[..., Record]:
    """A function that makes a record that agrees, apart from the fields that are given."""

    def build(**changes: Any) -> Record:
        return Record(**{name: getattr(SOUND, name) for name in Record.__slots__} | changes)

    return build


@pytest.fixture
def note() -> CaseNote:
    return NOTE


@pytest.fixture
def a_run() -> Run:
    return Run(
        recipe={"networks": 500, "seed": 20240613, "rules": ["dense", "relu"]},
        environment={"python": "CPython 3.11", "numpy": "2.4.6"},
        started="2025-03-02T09:14:05+00:00",
        finished="2025-03-02T09:16:41+00:00",
        complete=True,
    )


@pytest.fixture
def disputed(a_run) -> Run:
    """A run with one convention that differs, one that is shared, and one item in the gallery."""
    slopes = {"numpy": "0", "torch": "0", "jax": "1", "differences": "unavailable"}
    place = {"point": "at the very edge", "input": "x = 0", "low": [-1.0], "high": [1.0], "why": "as it is"}
    differ = {"rule": "abs", **place, **slopes, "shared": False, "inside": {"numpy": True, "jax": False}}
    same = {"rule": "relu", **place, **slopes, "shared": True, "inside": {}}
    said = [{"party": "JAX", "answer": "nan, nan", "ulps": "inf", "outlier": True}]
    piece = {"rule": "norm", "dtype": "float64", "what": "slope", "input": "0.0, 0.0", "truth": "each -1 … 1"}
    told = {"answers": said, "outlier": "JAX", "reason": "divides 0 by 0", "reproducer": "print(jax.grad)\n"}
    return replace(a_run, conventions=(differ, same), gallery=({**piece, **told},))
