"""A Verification says how many draws were judged, array by array; where these are too few it is no agreement."""

import numpy as np
import pytest

from backcheck import verify_rule
from backcheck.pytest_plugin.checks import SubjectChecks
from backcheck.subjects.fuzz.judged import Judged, judged_of
from backcheck_reports.record import Record, Verdict


def square(x):
    return x * x, x


def twice(x, dy):
    return 2 * x * dy


def test_all_judged_is_said_by_array():
    found = verify_rule(
        (lambda x, w: (x @ w, (x, w)), lambda s, dy: (dy @ s[1].T, s[0].T @ dy)), ("n d", "d k"), draws=30
    )
    assert found.verdict is Verdict.AGREE
    assert set(found.judged) == {"x", "w"}
    assert all(each.enough and each.drawn == found.cases for each in found.judged.values())
    assert f"judged: x {found.judged['x'].judged} of {found.cases}" in str(found)
    assert "not judged" not in str(found)


@pytest.mark.parametrize(
    ("each", "enough"),
    [
        (Judged(9, 0, 1), True),
        (Judged(8, 0, 2), False),
        (Judged(31, 0, 160), False),
        (Judged(5, 5, 0), True),
        (Judged(2, 8, 0), False),
        (Judged(4, 5, 1), True),
        (Judged(3, 0, 0, 7), True),
        (Judged(3, 0, 0, 10), False),
        (Judged(0, 0, 0, 10), False),
        (Judged(0, 10, 0), False),
        (Judged(), False),
    ],
)
def test_nine_in_ten_and_half_of_them_proofs(each, enough):
    assert each.enough is enough


# the code is right, and its numbers are beyond what the dtype holds
NOT_JUDGED = {
    "a number near the smallest": (
        lambda x: ((y := np.exp(-703 - x * x)), (x, y)), lambda s, dy: -2 * dy * s[0] * s[1], Verdict.OUT_OF_RANGE
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_JUDGED)
def test_too_little_judged_is_no_agreement_and_the_reasons_are_counted(name):
    forward, backward, verdict = NOT_JUDGED[name]
    found = verify_rule((forward, backward), "n d in (0.5, 3)", draws=20)
    assert (found.verdict, bool(found)) == (verdict, False)
    share = found.judged["x"]
    assert share.missing > 10
    with pytest.raises(AssertionError, match=f"{share.missing} of {share.drawn} not judged: "):
        found.assert_ok()


def record(network, argument="x", verdict=Verdict.AGREE, reason="", tensor="x", rule="f", party="numpy"):
    numbers = dict.fromkeys(("absolute", "relative", "ulps", "fraction", "allowed", "resolution", "got", "want"), 0.0)
    names = {"tensor": tensor, "rule": rule, "argument": argument, "party": party, "dtype": "float64"}
    sizes = {"shape": (), "entries": 1, "index": ()}
    return Record("c", network, profile="normal", verdict=verdict, reason=reason, **names, **sizes, **numbers)


def test_the_reasons_are_counted_whatever_their_places():
    lost = "no reference value: forward is nan at [{}], where x = {}"
    records = [record(at) for at in range(31)]
    records += [record(at, verdict=Verdict.UNAVAILABLE, reason=lost.format(at, at / 7)) for at in range(31, 151)]
    records += [record(at, verdict=Verdict.ILL_CONDITIONED, reason="rounding decides") for at in range(151, 191)]
    records += [record(0, "output", Verdict.UNAVAILABLE, "another", "output"), record(0, party="torch", rule="g")]
    found = judged_of("f", records)
    assert found.arrays == {"x": Judged(31, 0, 160)}
    assert found.short_of is Verdict.UNAVAILABLE
    assert found.lines == [
        "judged: x 31 of 191",
        "160 of 191 not judged: 120 x no reference value: forward is nan, 40 x rounding decides",
    ]


def test_a_node_judged_by_itself_is_judged():
    records = [record(0, verdict=Verdict.ILL_CONDITIONED, reason="a"), record(0, tensor="h1.x")]
    assert judged_of("f", records).arrays == {"x": Judged(1)}
    assert judged_of("f", records[:1]).short_of is Verdict.ILL_CONDITIONED


def test_an_array_that_is_always_at_an_edge_is_not_agreed_upon_because_another_is_right():
    rule = (
        lambda x, z: (x * x + np.sqrt(z), (x, z)),
        lambda s, dy: (2 * s[0] * dy, dy / (2 * np.sqrt(s[1]))),
    )
    found = verify_rule(rule, ("n", "n in [0, 0]"), draws=20)
    assert found.judged["x"].enough
    assert found.judged["z"] == Judged(edges=found.cases)
    assert (found.verdict, bool(found)) == (Verdict.UNAVAILABLE, False)
    with pytest.raises(AssertionError, match="z 0 of"):
        found.assert_ok()


def test_zero_gradients_alone_are_no_proof():
    found = verify_rule((lambda x: (np.floor(x), x), lambda x, dy: 0 * dy), "n d", draws=30)
    assert not found
    assert found.verdict in (Verdict.VACUOUS, Verdict.ILL_CONDITIONED)
    with pytest.raises(AssertionError, match="x 0 of"):
        found.assert_ok()


def mostly_flat(x):
    return np.maximum(x - 3.7, 0), x


def test_a_gradient_that_is_mostly_zero_is_vacuous():
    found = verify_rule((mostly_flat, lambda x, dy: dy * (x > 3.7)), "n in (-4, 4)", draws=40)
    assert found.verdict is Verdict.VACUOUS
    assert 4 * found.judged["x"].judged < found.judged["x"].drawn


RIGHT = {
    "relu": ((lambda x: (np.maximum(x, 0), x > 0), lambda on, dy: dy * on), "*any"),
    "softmax": (
        (
            lambda x: ((e := np.exp(x - x.max(-1, keepdims=True))) / e.sum(-1, keepdims=True),) * 2,
            lambda y, dy: y * (dy - (dy * y).sum(-1, keepdims=True)),
        ),
        "n d",
    ),
    "exp": ((lambda x: (np.exp(x),) * 2, lambda y, dy: dy * y), "n d"),
    "norm": (
        (lambda x: ((n := np.sqrt((x * x).sum())), (x, n)), lambda s, dy: dy * s[0] / s[1]),
        "n>=2 in (0.1, 5)",
    ),
    "reciprocal": ((lambda x: (1 / x, x), lambda x, dy: -dy / (x * x)), "n d"),
    "log": ((lambda x: (np.log(x), x), lambda x, dy: dy / x), "n d >0"),
    "cube": ((lambda x: (x**3, x), lambda x, dy: 3 * x * x * dy), "n d"),
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", RIGHT)
def test_right_code_of_ordinary_kinds_stays_an_agreement(name, dtype):
    rule, arrays = RIGHT[name]
    found = verify_rule(rule, arrays, draws=30, dtypes=dtype)
    assert found.verdict is Verdict.AGREE, found.explain()
    assert all(each.enough for each in found.judged.values())


def test_the_property_in_the_junit_file_says_how_many():
    checks = SubjectChecks()
    checks.add(verify_rule((square, twice), "n d", draws=10))
    assert "judged=x " in str(checks)
