"""Every wrong rule of the catalogue is caught, named and explained, and every right one passes on the same case."""

from functools import cache
from unittest import mock

import numpy as np
import pytest

from backcheck import check
from backcheck.diagnosis import sentence as sentences
from backcheck.diagnosis.faults import FAULT_KINDS, Fault, Wrong, explain
from backcheck.diagnosis.locate import Finding, diagnose
from backcheck.diagnosis.sentence import say
from backcheck.keys import gradient
from backcheck.verdicts.check import Checked
from backcheck_reports import Verdict
from tests.diagnosis.wrong_rules.catalogue import HALF_AT_ZERO, KINKED, WRONG_RULES, Arrays, WrongRule

each_wrong_rule = pytest.mark.parametrize("row", WRONG_RULES, ids=lambda row: row.name)


@cache  # some rows have many entries, and two tests look at them
def examined(name: str) -> tuple[Checked, Finding | None]:
    row = next(row for row in WRONG_RULES if row.name == name)
    with row.planted() as table, np.errstate(all="ignore"):
        checked = check(row.case(row.arrays), row.arrays, rules=table, oracles=row.oracles)
        return checked, diagnose(checked)


def explained(row: WrongRule, arrays: Arrays) -> tuple[str, str]:
    """The kind of fault that is found, and what is said."""
    faults: list[str] = []

    def listening(wrong: Wrong) -> Fault | None:
        fault = explain(wrong)
        faults.extend([fault.kind] if fault else [])
        return fault

    with row.planted() as table, np.errstate(all="ignore"), mock.patch.object(sentences, "explain", listening):
        checked = check(row.case(arrays), arrays, rules=table, oracles=("exact",))
        finding = diagnose(checked)
        assert finding is not None
        sentence = say(finding, checked.problem)
    return faults[-1] if faults else "", sentence


@each_wrong_rule
def test_a_wrong_rule_is_caught_and_named(row: WrongRule) -> None:
    checked, finding = examined(row.name)
    assert finding is not None, "passed"
    assert (finding.party, finding.rule, finding.argument) == ("numpy", row.rule, row.argument)
    assert not {party for _, party in checked.disagreements} - {"numpy", "exact"}, "an oracle is blamed"


@each_wrong_rule
def test_a_wrong_rule_is_explained(row: WrongRule) -> None:
    """In small arrays by all entries, in large ones by the entries that were looked at."""
    assert row.kind in FAULT_KINDS
    for arrays in filter(None, (row.arrays, row.small)):
        kind, sentence = explained(row, arrays)
        assert kind == row.kind
        assert row.says in sentence
        assert ("entries looked at" in sentence) == (row.small is not None and arrays is row.arrays)


@each_wrong_rule
def test_the_right_rule_passes_on_the_same_case(row: WrongRule) -> None:
    checked = check(row.case(row.arrays), row.arrays, rules=row.table(row.right), oracles=row.oracles)
    assert not checked.disagreements
    assert {m.verdict for m in checked.measures.values()} & {Verdict.AGREE, Verdict.KINK}


def test_a_slope_of_a_half_at_zero_is_a_kink_and_a_convention_of_its_own() -> None:
    """Neither PyTorch nor JAX takes 1/2 there, and it is not wrong."""
    with HALF_AT_ZERO.planted() as table:
        checked = check(HALF_AT_ZERO.case(KINKED), KINKED, rules=table)
    parties = ("numpy", "torch", "jax", "differences", "exact")
    assert {party: checked.measures[gradient("x"), party].verdict for party in parties} == dict.fromkeys(
        parties, Verdict.KINK
    )
    assert diagnose(checked) is None
    at, dy = KINKED["x"] == 0, checked.problem.dy
    slopes = {party: set((checked.answers[party].tensors[gradient("x")] / dy)[at]) for party in parties[:3]}
    assert slopes == {"numpy": {0.5}, "torch": {0.0}, "jax": {0.0}}


@pytest.mark.parametrize("name", ["variance, N for N - 1", "squared error, zero", "squared error, sign"])
def test_without_the_truth_entry_by_entry_both_exact_numbers_and_differences_disagree(name: str) -> None:
    row = next(row for row in WRONG_RULES if row.name == name)
    checked, _ = examined(name)
    assert not checked.truth.known
    assert checked.measures[gradient("x"), "exact"].verdict is Verdict.DISAGREE
    assert checked.measures[gradient("x"), "exact"].relative > 1e-5
    assert checked.measures[gradient("x"), "numpy"].verdict is Verdict.DISAGREE
    assert checked.measures[gradient("x"), "torch"].verdict is Verdict.AGREE
    if row.rule == "mse":
        assert checked.measures[gradient("target"), "exact"].verdict is Verdict.AGREE
