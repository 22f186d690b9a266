"""What the parties do at kinks, and where the frameworks part: asked live, and told as it is."""

import contextlib
import io
import re
from dataclasses import replace

import numpy as np
import pytest

from backcheck.gallery import conventions, disagreements, exhibits
from backcheck.gallery.conventions import observe, one_sided, within
from backcheck.gallery.disagreements import collect, showcase
from backcheck.strategies.catalogue import KINKS
from backcheck.verdicts.parties import ORACLES
from scratch_bp.rules import RULES, Rule
from tests.verdicts.helpers import with_backward

pytest.importorskip("torch")
pytest.importorskip("jax")
pytest.importorskip("flint")


@pytest.fixture(scope="module")
def observed():
    return observe(ORACLES)


@pytest.fixture(scope="module")
def rows(observed):
    """The first point of each rule."""
    return {row.rule: row for row in reversed(observed)}


@pytest.fixture(scope="module")
def pieces(observed):
    return collect(ORACLES, RULES, observed)


def test_every_point_is_asked_and_everybody_stays_between_the_one_sided_slopes(observed):
    assert [(row.rule, row.point) for row in observed] == [(rule, kink.point) for rule, kink in KINKS]
    for row in observed:
        assert {"numpy", "torch", "jax"} <= set(row.inside), row.rule
        assert all(row.inside.values()), row


@pytest.mark.parametrize(
    ("rule", "low", "high"),
    [
        ("relu", (0,), (1,)),
        ("elu", (1,), (2,)),
        ("max", (0, 0, 0, 0), (0, 1, 1, 1)),
        ("max_pool1d", (0, 1, 0), (1, 2, 0)),
        ("norm", (-1, -1), (1, 1)),
        ("margin_ranking", (-1,), (0,)),
        ("huber", (-1, 1), (-1, 1)),
        ("sqrt", (np.inf,), (np.inf,)),
    ],
)
def test_the_one_sided_slopes_are_exact(rows, rule, low, high):
    assert (rows[rule].low, rows[rule].high) == (low, high)


def test_a_smooth_slope_is_one_slope():
    low, high = one_sided(np.exp, (np.array([0.0, 1.0, -30.0]),))
    assert low == high == tuple(float(x) for x in low)
    np.testing.assert_allclose(low, np.exp([0.0, 1.0, -30.0]), rtol=1e-15)


def test_where_the_frameworks_share_a_convention_and_where_not(observed):
    differing = {(row.rule, row.point) for row in observed if row.shared is False}
    known = {(rule, k.point) for rule, k in KINKS if not np.allclose(k.slope("torch"), k.slope("jax"))}
    assert differing == known
    assert {rule for rule, _ in known} >= {"abs", "clamp", "max", "leaky_relu"}


def test_differences_take_the_middle_or_have_none(rows):
    assert rows["leaky_relu"].differences == "0.505"
    assert rows["sqrt"].differences == "unavailable"
    assert "differences" not in rows["sqrt"].inside


def test_who_is_not_asked_is_unavailable():
    row = next(iter(observe(("torch", "exact"))))
    assert (row.jax, row.differences, row.shared) == ("unavailable", "unavailable", None)
    assert set(row.inside) == {"numpy", "torch"}


def test_a_slope_outside_is_seen():
    doubled = with_backward("relu", lambda grads: (grads[0] + 2,))
    row = next(row for row in observe(("exact",), doubled) if row.rule == "relu")
    assert (row.numpy, row.inside["numpy"]) == ("2", False)
    assert not within(np.array([np.nan]), (-1.0,), (1.0,))


def test_a_subject_that_raises_has_no_answer():
    def forward(x):
        raise ZeroDivisionError

    row = next(row for row in observe(ORACLES, {**RULES, "relu": Rule(forward, forward)}) if row.rule == "relu")
    assert (row.numpy, row.differences, row.torch) == ("unavailable", "unavailable", "0")


def test_the_gallery_holds_what_it_promises(pieces):
    found = {(piece.rule, piece.dtype, piece.what): piece.outlier for piece in pieces}
    assert found["bce", "float64", "slope"] == "PyTorch"
    assert found["norm", "float64", "slope"] == "JAX"
    assert found["hypot", "float64", "slope"] == "PyTorch"
    assert found["elu", "float32", "slope"] == "JAX"
    assert found["bce_with_logits", "float64", "value"] == "PyTorch"
    assert found["max", "float64", "slope"] == disagreements.CONVENTION
    assert len(pieces) == len(found)


def test_every_place_still_shows(pieces):
    """A finding or a limit's example that shows no more must go from its table."""
    shown = {(piece.rule, piece.dtype) for piece in pieces}
    assert {(place.rule, place.dtype) for place in exhibits.places()} <= shown


def test_what_does_not_show_is_not_kept(monkeypatch):
    fine = replace(exhibits.FINDINGS[0], arrays=([0.5], [1.0]))
    monkeypatch.setattr(exhibits, "FINDINGS", (fine,))
    monkeypatch.setattr(exhibits, "LIMITS", ())
    assert collect(ORACLES, RULES, []) == []


def test_a_reproducer_says_what_its_piece_says(pieces):
    for piece in pieces:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(piece.reproducer, piece.rule, "exec"), {})
        printed = dict(line.split(" ", 1) for line in said.getvalue().splitlines())
        assert len(piece.reproducer.splitlines()) <= 6
        for each in piece.answers:
            if each.party in printed:
                numbers = [float(part) for part in re.sub(r"[\[\]]", "", printed[each.party]).split(",")]
                want = [float(part) for part in each.answer.split(",")]
                np.testing.assert_allclose(numbers, want, rtol=2e-3, err_msg=f"{piece.rule} {each.party}")


@pytest.mark.parametrize(("rule", "kink"), KINKS, ids=[f"{rule}: {kink.point}" for rule, kink in KINKS])
def test_a_kink_has_calls_where_the_frameworks_differ_and_only_there(rule, kink):
    """The gallery shows such a point with a few lines to run: `Kink.calls` in the rule's row."""
    assert all(kink.calls) == any(kink.calls) == (kink.slope("torch") != kink.slope("jax"))


def test_every_limit_that_is_shown_has_calls_and_no_other_rule():
    assert set(exhibits.LIMIT_CALLS) == {limit.rule for limit in exhibits.LIMITS if limit.exhibit}


def test_without_exact_arithmetic_or_a_framework_nothing_is_shown(monkeypatch):
    assert showcase(("torch", "jax", "differences")) == showcase(("exact", "differences")) == {}

    def missing(*_):
        raise conventions.exact.Unavailable("not installed")

    monkeypatch.setattr(conventions, "one_sided", missing)
    assert showcase(ORACLES) == {}


def test_the_showcase_is_plain_data():
    from backcheck_reports.storage.codec import dumps

    shown = showcase(("torch", "exact"))
    assert len(shown["conventions"]) == len(KINKS)
    assert dumps(shown)
    assert all(
        each["answer"] == "unavailable" for p in shown["gallery"] for each in p["answers"] if each["party"] == "JAX"
    )
