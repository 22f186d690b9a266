"""Adding a rule touches three places: its file, one mirror, one catalogue row. What was forgotten is named here."""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from backcheck.strategies.catalogue import CATALOGUE, Row, signature_of
from backcheck_reference.frameworks.mirrors import MIRRORS, Mirror
from scratch_bp.rules import RULES
from tests.scratch_bp.rules.kinks import first_kink

# rules that have a kink and no kink point in their row, and why
NO_KINK_POINT = {"rnn": "its kink is that of its step, rnn_cell; a kink point is of a rule with one output"}


def forgotten(
    rule: str, catalogue: Mapping[str, Row] = CATALOGUE, mirrors: Mapping[str, Mirror] = MIRRORS
) -> Iterator[str]:
    """A sentence for everything that the rule still lacks."""
    family = inspect.getmodule(RULES[rule].forward).__name__.split(".")[-2]
    mirror, row = mirrors.get(rule), catalogue.get(rule)
    for framework in ("torch", "jax"):
        if not callable(getattr(mirror, framework, None)):
            yield f"{rule} has no {framework} mirror: reference/backcheck_reference/frameworks/mirrors/{family}.py"
    file = f"backcheck/strategies/catalogue/{family}.py"
    if row is None:
        yield f"{rule} has no row in the catalogue: {file}"
        return
    for option in signature_of(rule).defaults:
        if option not in row.config:
            yield f"{rule} has no choices of its option {option}: `config` of its row in {file}"
    if not row.kinks and rule not in NO_KINK_POINT and (kink := first_kink(rule)) is not None:
        yield f"{rule} has a kink at {kink} and no kink point: `kinks` of its row in {file}"
    for point in row.kinks:
        if point.slope("torch") != point.slope("jax") and not all(point.calls):
            yield f"{rule}: PyTorch and JAX differ {point.point}, and nothing says how to call them: `calls` in {file}"


@pytest.mark.parametrize("rule", RULES)
def test_nothing_of_a_rule_was_forgotten(rule):
    assert not list(forgotten(rule))


@pytest.mark.parametrize("rule", NO_KINK_POINT)
def test_a_rule_that_is_excused_has_a_kink_and_no_point(rule):
    assert first_kink(rule) is not None
    assert not CATALOGUE[rule].kinks


@pytest.mark.parametrize(
    "rule",
    # of one array and of several, a tie, a jump, an edge in the options, and inside of a rule made of others
    ["relu", "max", "hardshrink", "clamp", "hardswish", "normalize", "triplet_margin", "transformer_encoder_layer"],
)
def test_a_row_without_its_kinks_is_named(rule):
    row = replace(CATALOGUE[rule], kinks=())
    (complaint,) = forgotten(rule, {**CATALOGUE, rule: row})
    assert complaint.startswith(f"{rule} has a kink at ")
    assert "no kink point" in complaint


def without(table, rule):
    return {name: entry for name, entry in table.items() if name != rule}


def test_a_missing_mirror_a_missing_row_and_a_missing_option_are_named():
    nowhere = forgotten("elu", without(CATALOGUE, "elu"), without(MIRRORS, "elu"))
    assert [complaint.partition(":")[0] for complaint in nowhere] == [
        "elu has no torch mirror",
        "elu has no jax mirror",
        "elu has no row in the catalogue",
    ]
    (only_torch,) = forgotten("elu", mirrors={**MIRRORS, "elu": MIRRORS["elu"]._replace(jax=None)})
    assert only_torch.startswith("elu has no jax mirror")
    assert only_torch.endswith("activations.py")
    (option,) = forgotten("elu", {**CATALOGUE, "elu": CATALOGUE["elu"].only(())})
    assert option.startswith("elu has no choices of its option alpha")


def test_a_kink_at_which_the_frameworks_differ_needs_their_calls():
    row = CATALOGUE["abs"]
    silent = replace(row, kinks=tuple(replace(kink, calls=("", "")) for kink in row.kinks))
    (complaint,) = forgotten("abs", {**CATALOGUE, "abs": silent})
    assert "nothing says how to call them" in complaint


@pytest.mark.parametrize("rule", ["sigmoid", "softmax", "huber", "celu", "logsumexp", "dense"])
def test_a_smooth_rule_has_no_kink_whatever_its_code_compares(rule):
    assert first_kink(rule) is None
