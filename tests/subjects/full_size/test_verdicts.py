"""Code with many entries is judged by balls: right code agrees, wrong code is found and told, in every entry."""

import numpy as np
import pytest

from backcheck import check_vjp
from backcheck.subjects.full_size.check import FullSizeCheck
from backcheck_reports.record import Verdict
from tests.subjects.full_size.large_pairs import PAIRS, WRONG, changed, in_float32

pytestmark = pytest.mark.usefixtures("from_few")
DTYPES = ("float32", "float64")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", PAIRS)
def test_right_code_agrees(name, dtype):
    pair = PAIRS[name]
    found = check_vjp(pair.forward, pair.backward, *pair.arrays(dtype))
    assert isinstance(found, FullSizeCheck)
    assert found.verdict is Verdict.AGREE, str(found)
    proved = found.measures[found.checked.problem.gradients[0], "exact"]
    assert proved.verdict is (Verdict.AGREE if pair.by_rows else Verdict.UNAVAILABLE)
    assert ("entries proved exactly" in proved.reason) == pair.by_rows


@pytest.mark.backcheck(report=False)
@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", ["tanh", "layer norm", "softmax", "dense", "cumsum", "flat norm", "mean loss"])
def test_wrong_code_is_found_and_told(name, wrong):
    pair = PAIRS[name]
    arrays = pair.arrays("float64")
    found = check_vjp(pair.forward, changed(pair.backward, WRONG[wrong]), *arrays)
    assert isinstance(found, FullSizeCheck)
    assert found.verdict is Verdict.DISAGREE
    measure = found.finding.measure
    right = pair.backward(pair.forward(*arrays)[1], found.checked.problem.dy)[0]
    assert measure.want == pytest.approx(right[measure.index], rel=1e-9)
    assert measure.got == WRONG[wrong]((right,))[0][measure.index]
    assert abs(measure.got - measure.want) > measure.allowed > 0
    assert found.said_of_fault


@pytest.mark.backcheck(report=False)
@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", ["tanh", "softmax"])
def test_wrong_code_in_float32(name, wrong):
    pair = PAIRS[name]
    found = check_vjp(pair.forward, changed(pair.backward, WRONG[wrong]), *pair.arrays("float32"))
    assert isinstance(found, FullSizeCheck)
    assert found.verdict is Verdict.DISAGREE


@pytest.mark.backcheck(report=False)
@pytest.mark.parametrize("name", ["tanh", "dense", "windows"])
def test_a_buffer_of_float32_in_code_of_float64(name):
    pair = PAIRS[name]
    found = check_vjp(pair.forward, changed(pair.backward, in_float32), *pair.arrays("float64"))
    assert found.verdict is Verdict.DISAGREE
    assert "float32" in found.explain()


@pytest.mark.backcheck(report=False)
def test_a_missing_mean_term_is_named():
    pair = PAIRS["layer norm"]

    def backward(saved, dy):
        xhat, inverse, gamma = saved
        g = dy * gamma
        return inverse * (g - xhat * (g * xhat).mean(-1, keepdims=True)), (dy * xhat).sum(0), dy.sum(0)

    found = check_vjp(pair.forward, backward, *pair.arrays("float64"))
    assert isinstance(found, FullSizeCheck)
    assert "the term mean(dxhat) is missing" in found.said_of_fault
    assert "exact arithmetic on row" in found.explain()


@pytest.mark.backcheck(report=False)
def test_a_fault_that_rounding_hides_in_float32_is_found_exactly():
    """The epsilon of backward is another one, by a fifth of 1e-5: rounding of sums in float32 explains more."""

    def forward(x):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5), x

    def backward(x, dy):
        inverse = 1 / np.sqrt((x * x).mean(-1, keepdims=True) + 1.2e-5)
        return (dy * inverse - x * (dy * x).mean(-1, keepdims=True) * inverse**3,)

    x = np.random.default_rng(0).standard_normal((24, 32)).astype("float32")
    found = check_vjp(forward, backward, x)
    assert isinstance(found, FullSizeCheck)
    key = found.checked.problem.gradients[0]
    assert found.measures[key, "numpy"].verdict is Verdict.AGREE
    assert found.measures[key, "exact"].verdict is Verdict.DISAGREE
    assert found.verdict is Verdict.DISAGREE
    assert "rounding hides it" in found.explain()


def test_few_entries_are_judged_exactly():
    x = np.linspace(-1, 1, 100)
    pair = PAIRS["tanh"]
    found = check_vjp(pair.forward, pair.backward, x)
    assert not isinstance(found, FullSizeCheck)


def test_what_is_said_of_the_part():
    pair = PAIRS["tanh"]
    found = check_vjp(pair.forward, pair.backward, np.random.default_rng(0).standard_normal((64, 64)))
    assert "x: 1,024 of 4,096 entries proved exactly (rows" in found.notes[-1]
    assert found.notes[-1].endswith("all to rounding")


@pytest.mark.backcheck(report=False)
def test_the_script_is_that_of_the_part():
    pair = PAIRS["product"]
    found = check_vjp(pair.forward, changed(pair.backward, WRONG["twice"]), *pair.arrays("float64"))
    assert "np.array(" in found.reproducer
    assert len(found.reproducer) < 20_000
