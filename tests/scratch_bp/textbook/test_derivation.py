"""docs/derivation.md says nothing that the code does not: its numbers, its session and the lines it quotes."""

import doctest
import re
from pathlib import Path

import numpy as np
import pytest

from scratch_bp.textbook import MEAN_SQUARED_ERROR, backward_elementwise, forward_elementwise

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "derivation.md"
ROW = re.compile(r"^\| \$(?P<symbol>[^$]+)\$ \|.*\| (?P<value>-?\d+\.\d{6}) \|$", re.MULTILINE)
FENCE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def entries(symbol: str, layer: int, array: np.ndarray) -> dict[str, float]:
    """The entries of a row, or of weights, under the names that the page gives them."""
    if symbol == "w":
        return {rf"\partial E / \partial w_{{{i + 1}{j + 1}}}^{{({layer})}}": v for (i, j), v in np.ndenumerate(array)}
    return {rf"{symbol}_{j + 1}^{{({layer})}}": v for j, v in enumerate(array[0])}


def worked_example() -> dict[str, float]:
    X, Y = np.array([[1.0, 0.5]]), np.array([[1.0]])
    W = {1: np.array([[0.2, -0.4], [0.6, 0.8]]), 2: np.array([[0.5], [-1.0]])}
    run = forward_elementwise(X, W)
    back = backward_elementwise(run, W, Y)
    parts = {"a": run.A, "b": run.B, r"\delta": back.delta, "w": back.dW}
    values = {"E": float(MEAN_SQUARED_ERROR.E(Y, run.B[2]))}
    for symbol, layers in parts.items():
        for layer in (1, 2):
            values |= entries(symbol, layer, layers[layer])
    return values


def test_every_number_of_the_worked_example_is_recomputed():
    stated = {row["symbol"]: row["value"] for row in ROW.finditer(PAGE.read_text())}
    assert stated == {symbol: f"{value:.6f}" for symbol, value in worked_example().items()}


def test_the_session_runs_as_printed():
    result = doctest.testfile(str(PAGE), module_relative=False)
    assert result.attempted > 10
    assert result.failed == 0


def test_every_quoted_line_is_in_the_code():
    code = {line.strip() for path in (ROOT / "scratch_bp").rglob("*.py") for line in path.read_text().splitlines()}
    quoted = [line.strip() for block in FENCE.findall(PAGE.read_text()) for line in block.splitlines()]
    assert len(quoted) > 15
    assert [line for line in quoted if line not in code | {"..."}] == []


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\((\.\./[^)]+)\)", PAGE.read_text()))))
def test_every_link_leads_somewhere(target):
    assert (PAGE.parent / target).exists()
