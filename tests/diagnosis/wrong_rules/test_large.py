"""The wrong rules at the sizes of real networks: too large for the truth entry by entry, and still explained."""

import numpy as np
import pytest

from backcheck.diagnosis.locate import Finding
from backcheck.diagnosis.sentence import say
from backcheck.problem import pose
from backcheck.verdicts.measure import Measure
from backcheck_reports import Verdict
from tests.diagnosis.wrong_rules.catalogue import WRONG_RULES, numbers

GAMMA, BETA = numbers(48, seed=1), numbers(48, seed=2)
BATCH = {"x": numbers(40, 30), "w": numbers(30, 20, seed=1), "b": numbers(20, seed=2)}
CLASSES = {"x": 4 * numbers(150, 10), "target": np.arange(150) % 10}
LARGE = {
    "layer norm, std + eps": {"x": numbers(32, 48), "gamma": GAMMA, "beta": BETA},
    "batch norm, no eps": {"x": numbers(16, 6, 9), "weight": GAMMA[:6], "bias": BETA[:6]},
    "rms norm, no eps": {"x": numbers(32, 48), "weight": GAMMA},
    "variance, N for N - 1": {"x": numbers(5000)},
    "squared error, zero": {"x": numbers(5000), "target": numbers(5000, seed=1)},
    "gelu, slope of the tanh form": {"x": numbers(3000)},
    "cross entropy, clamp ignored": CLASSES,
    "hardtanh, dy passed through": {"x": 2 * numbers(60, 50)},
    "relu, slope -7 at 0": {"x": np.round(numbers(3000), 1)},
    "max, copied to ties": {"x": np.round(2 * numbers(60, 20))},
    "dense in float16": BATCH,
    "dense in float32": BATCH,
    "sigmoid, zero beyond 12": {"x": 8 * numbers(2000)},
    "softmax, sign of the sum": {"x": numbers(40, 25)},
    "dropout, no rescaling": {"x": numbers(50, 30), "mask": (numbers(50, 30, seed=1) > 0) * 1},
    "bias averaged": {**BATCH, "x": numbers(3000, 30)},
}
# rows whose sentence has other numbers than that of the small case
SAYS = {
    "cross entropy, clamp ignored": "keeps a value at 1e-07 or above",
    "bias averaged": "the mean instead of the sum over the batch, 3000",
}


@pytest.mark.parametrize("name", LARGE)
def test_a_wrong_rule_is_explained_at_a_size_that_networks_have(name: str) -> None:
    row = next(row for row in WRONG_RULES if row.name == name)
    with row.planted() as table, np.errstate(all="ignore"):
        problem = pose(row.case(LARGE[name]), LARGE[name], rules=table)
        finding = Finding("numpy", row.rule, row.argument, "y", "", Measure(Verdict.DISAGREE), problem)
        assert SAYS.get(name, row.says) in say(finding, problem)
