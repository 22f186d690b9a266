"""Each kind of fault is planted and recognised, by its kind and a part of its sentence; noise is not recognised."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from backcheck.diagnosis.faults import FAULT_KINDS, Wrong, describe, explain
from scratch_bp.rules import RULES
from scratch_bp.rules.activations import clamp, hardswish, hardtanh, relu
from scratch_bp.rules.regularisation import dropout
from tests.diagnosis.faults.planted_clamps import CLAMPS, X
from tests.diagnosis.faults.planted_forms import FORMS
from tests.diagnosis.faults.planted_places import PLACES, not_a_slope
from tests.diagnosis.faults.planted_regions import HARDSWISH_X, SLICES, beyond, leaky
from tests.diagnosis.faults.planted_rules import DERIVATIONS
from tests.diagnosis.faults.planted_sums import SUMS
from tests.diagnosis.faults.planted_values import VALUES
from tests.diagnosis.faults.planting import Planted, bare, numbers, plant

PLANTED = (*FORMS, *VALUES, *DERIVATIONS, *CLAMPS, *SUMS, *SLICES, *PLACES)
SHAPES = ((3, 4), (4, 4), (5,), (2, 2), (2, 3, 2), (1, 4), (4, 1), (2,), (1,), (), (2, 1, 3, 3))
ELEMENTWISE = ("tanh", "gelu", "silu", "softmax", "log_softmax", "softplus", "sigmoid")

each_planted = pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)


@each_planted
def test_a_planted_fault_is_named(planted: Planted) -> None:
    found = explain(planted.make())
    assert found is not None, "nothing was found"
    assert found.kind == planted.kind, found
    assert planted.says in found.sentence, found


@pytest.mark.parametrize("kind", FAULT_KINDS)
def test_every_kind_has_a_planted_example(kind: str) -> None:
    assert kind in {planted.kind for planted in PLANTED}, f"plant a fault of the kind {kind!r}"


@pytest.mark.parametrize("document", ["README.md", "docs/verdicts.md"])
def test_documents_say_how_many_kinds_there_are(document: str) -> None:
    text = (Path(__file__).parents[3] / document).read_text(encoding="utf-8")
    said = re.findall(r"(\d+) (?:known faults|kinds of fault)", text)
    assert said == [str(len(FAULT_KINDS))]


def test_one_wrong_entry_says_nothing_of_a_slope() -> None:
    assert explain(not_a_slope()) is None


@each_planted
def test_the_truth_is_never_explained(planted: Planted) -> None:
    wrong = planted.make()
    assert explain(replace(wrong, got=wrong.want, malformed="")) is None


def _one_entry_off(wrong: Wrong) -> Wrong:
    """A thousandth is added where want is largest; no planted fault does this."""
    got = wrong.got.copy()
    at = np.unravel_index(int(np.argmax(abs(wrong.want))), wrong.want.shape)
    got[at] += 1.234e-3 * (abs(got[at]) + 1)
    return replace(wrong, got=got)


def _hangs_on_numbers(wrong: Wrong) -> bool:
    """A fault of form holds whatever the numbers are."""
    return not wrong.malformed and wrong.got.shape == wrong.want.shape and bool(np.all(np.isfinite(wrong.got)))


NUMERIC = [planted for planted in PLANTED if _hangs_on_numbers(planted.make()) and planted.make().got.size > 2]


@pytest.mark.parametrize("planted", NUMERIC, ids=lambda planted: planted.name)
def test_a_near_miss_is_not_explained(planted: Planted) -> None:
    assert explain(_one_entry_off(planted.make())) is None


@pytest.mark.parametrize("digits", [5, 12, 15])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_noise_is_explained_by_nothing(shape: tuple[int, ...], digits: int) -> None:
    for seed in range(3):
        want, noise = numbers(*shape, seed=seed), numbers(*shape, seed=seed + 500)
        for got in (noise, want + noise, want * (1 + 0.05 * noise), want * (1 + 2e-4 * noise)):
            assert explain(bare(got, want, digits=digits)) is None, (seed, digits)


@pytest.mark.parametrize("shape", [(3, 4), (2, 3), (5,)], ids=str)
def test_noise_of_simple_numbers_is_explained_by_nothing(shape: tuple[int, ...]) -> None:
    rng = np.random.Generator(np.random.PCG64(1))

    def halves() -> np.ndarray:
        return rng.integers(-4, 5, shape) / 2.0

    for _ in range(60):
        assert explain(bare(halves(), halves(), inputs={"x": halves()}, dy=halves())) is None


@pytest.mark.parametrize("rule", ELEMENTWISE)
def test_noise_on_a_real_rule_is_explained_by_nothing(rule: str) -> None:
    for seed in range(3):
        x, noise = numbers(3, 4, seed=seed), numbers(3, 4, seed=seed + 500)
        for make in (lambda c, n=noise: n, lambda c, n=noise: c.want + 1e-3 * n, lambda c, n=noise: c.want * n):
            assert explain(plant(RULES[rule].forward, {"x": x}, make, rule=rule)) is None


@pytest.mark.parametrize(
    ("wrongly", "says"),
    [
        (beyond, "wrong on one side of a threshold of x, above it, in 8 of 30"),
        (leaky, "threshold of x, below it, in 6 of 30"),
    ],
)
def test_where_no_formula_is_known_the_side_of_a_threshold_is_said(wrongly, says) -> None:
    """It is no explanation: one more wrong entry on that side changes nothing, one on the other side does."""
    wrong = plant(hardswish.forward, {"x": HARDSWISH_X}, wrongly)
    assert explain(wrong) is None
    assert says in describe(wrong)
    other = int(np.argmax((abs(HARDSWISH_X) < 2) & (abs(wrong.dy) > 0.1)))
    got = wrong.got.copy()
    got.flat[other] += 1
    assert "threshold" not in describe(replace(wrong, got=got))


def test_a_factor_with_one_entry_off_is_no_factor() -> None:
    want = numbers(3, 4)
    got = 4 * want
    got[1, 2] = want[1, 2]
    assert explain(bare(got, want)) is None


def test_an_unknown_ratio_of_a_single_entry_proves_nothing() -> None:
    assert explain(bare(np.array([0.3718]), np.array([1.1]))) is None


def test_two_quantities_with_the_same_value_are_both_said() -> None:
    want = numbers(4, 4)
    found = explain(bare(4 * want, want))
    assert found is not None
    assert "the batch is 4" in found.sentence
    assert "(it may also be the width)" in found.sentence


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        (plant(relu.forward, {"x": X}, lambda c: c.dy), "mask-ignored"),
        (plant(clamp.forward, {"x": X}, lambda c: c.dy, config={"min": 0.0}), "mask-ignored"),
        (plant(dropout.forward, {"x": X, "mask": (X > 0) * 1}, lambda c: 2 * c.dy), "mask-ignored"),
        (plant(hardtanh.forward, {"x": X}, lambda c: 2 * c.want), "factor"),
        (plant(hardtanh.forward, {"x": X}, lambda c: 0 * c.dy), "zero"),
        (plant(hardtanh.forward, {"x": X}, lambda c: np.where(c.x > 0, c.dy, c.want)), "saturated"),
        (plant(hardtanh.forward, {"x": X}, lambda c: np.where(c.x > 1, 2 * c.dy, c.want)), None),
    ],
    ids=["relu", "clamp at zero", "dropout", "factor", "zero", "one side", "twice beyond it"],
)
def test_not_everything_about_a_clamp_is_a_clamp_ignored(wrong: Wrong, kind: str | None) -> None:
    found = explain(wrong)
    assert (found and found.kind) == kind, found


def test_any_convention_at_a_kink_is_right() -> None:
    want, dy = np.array([0.0, 2.0, 0.0]), np.array([1.0, 2.0, -3.0])
    lower, upper = np.array([0.0, 2.0, -3.0]), np.array([1.0, 2.0, 0.0])
    assert explain(bare(np.array([0.5, 2.0, -3.0]), want, dy=dy, lower=lower, upper=upper)) is None


def test_forwards_that_raise_are_lived_with() -> None:
    def forward(x: np.ndarray, *, mode: str = "a") -> None:
        raise RuntimeError("no")

    assert explain(bare(numbers(3, 4), numbers(3, 4, seed=1), forward=forward, config={"mode": "b"})) is None


def test_indices_into_something_else_are_no_trouble() -> None:
    rows = {"x": numbers(1, 3), "target": np.array([2])}
    assert explain(bare(numbers(1, 3, seed=1), numbers(1, 3, seed=2), inputs=rows)) is None


@pytest.mark.parametrize("got", [np.zeros((0, 3)), np.full((2, 0), 1.0)], ids=str)
def test_of_an_empty_tensor_only_the_form_is_judged(got: np.ndarray) -> None:
    found = explain(bare(got, numbers(2, 3)))
    assert found is not None
    assert found.kind == "shape"


def test_facts_say_what_is_right_and_where_it_is_wrong() -> None:
    want = numbers(4, 6)
    got = want.copy()
    got[2, 1:4] *= [3, 1.5, -2]
    said = describe(bare(got, want))
    assert "21 of 24 entries are right; wrong: [2, 1], [2, 2], [2, 3]" in said
    assert "got / want runs from -2 to 3" in said
    assert "along axis 0 only [2] of 4 are touched" in said
    assert said.splitlines()[-4] == "  |      |"
    assert said.splitlines()[-2].count(" ") == 2 + 3


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (bare(numbers(2), numbers(3)), "got has shape [2], expected [3]"),
        (bare(numbers(3), numbers(3)), "all 3 entries are right to 12 digits"),
        (bare(numbers(), numbers(seed=1)), "the only entry is wrong"),
        (bare(np.array([np.nan, 1]), np.array([0.0, 1])), "nonzero in 1 entries where want is zero"),
        (bare(numbers(0, 3), numbers(0, 3)), "all 0 entries are right to 12 digits"),
    ],
    ids=["shape", "right", "scalar", "nan", "empty"],
)
def test_facts_of_edge_cases(wrong: Wrong, says: str) -> None:
    assert says in describe(wrong)


@pytest.mark.parametrize(
    ("got", "says"),
    [
        (
            [1.0, 1.0, 4.0],
            "no entry is wrong by itself: 2 of 3 entries lie between the one-sided slopes of a kink, the",
        ),
        ([1.0, 1.0], "no entry is wrong by itself: 2 of 2 entries lie between the one-sided slopes of a kink"),
        ([1.0], "no entry is wrong by itself: the only entry lies between the one-sided slopes of a kink"),
    ],
)
def test_entries_between_slopes_are_not_called_right_to_so_many_digits(got: list[float], says: str) -> None:
    """Each winner of a tie may have all of dy, and not both of them at once."""
    upper = np.array(got)
    lower = np.where(upper == 1, 0.0, upper)
    wrong = replace(bare(upper, (lower + upper) / 2), lower=lower, upper=upper)
    assert describe(wrong).startswith(says)
