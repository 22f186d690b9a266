"""Every fault of the catalogue can be planted, is really wrong, and says what it is."""

import inspect
from collections import Counter
from functools import cache
from itertools import chain, islice

import numpy as np
import pytest

from backcheck.campaign.power.catalogue import CATALOGUE, FAMILIES
from backcheck.campaign.power.fault import COMMON, OCCASIONAL, RARE, PlantedFault
from backcheck.campaign.power.kinds import KINDS, MEANS
from backcheck.campaign.power.optimiser_steps import TWINS
from backcheck.campaign.power.patches import SourceChange, SourceChanges, StaleFault, uses
from backcheck.campaign.power.runner import of_optimiser
from backcheck.campaign.power.stream import drawn
from backcheck.campaign.recipe import NETWORKS_A_SHARD, Recipe
from backcheck.diagnosis.faults import FAULT_KINDS
from backcheck.diagnosis.locate import REVERSE_PASS
from backcheck_reference.numbers import exact
from scratch_bp.rules import RULES
from tests.campaign.power.rare_cases import RARE_CASES

MOST = 40  # shards of networks of its rule alone within which a fault of the numbers shows
BEHAVIOUR = ("aliasing", "mutation", "stale", "randomness", "precision")  # nothing that one exact call shows
NUMBERS = [each for each in CATALOGUE if each.rule in RULES and each.kind not in BEHAVIOUR]


def test_the_catalogue_spans_the_vocabulary():
    assert len(CATALOGUE) >= 250
    assert {each.rule for each in CATALOGUE} == {*RULES, *TWINS, REVERSE_PASS}
    assert {each.kind for each in CATALOGUE} == set(KINDS) == set(MEANS)
    assert all(count == 1 for count in Counter(each.name for each in CATALOGUE).values())


def test_every_fault_says_how_common_it_is_and_where_it_was_seen():
    for fault in CATALOGUE:
        assert fault.common in (COMMON, OCCASIONAL, RARE)
        assert fault.seen
        assert fault.name.startswith(f"{fault.rule}: ")


def test_the_kinds_that_the_diagnosis_may_say_are_kinds_that_it_has():
    others = {"another-function", "aliases", "untouched", "again", "linear", "lost-number", "wrong-region"}
    assert not {kind for kinds in MEANS.values() for kind in kinds} - set(FAULT_KINDS) - others


def test_the_tensors_that_are_named_are_the_rule_s_own():
    promises = {"aliases", "untouched", "again", "linear", "output", "form"}
    for fault in (each for each in CATALOGUE if each.rule in RULES):
        parameters = inspect.signature(RULES[fault.rule].forward).parameters.values()
        several = [each.name for each in parameters if each.kind is each.VAR_POSITIONAL]
        known = {*promises, *(each.name for each in parameters), *(f"{n}{i}" for n in several for i in range(1, 17))}
        assert set(fault.tensors) <= known, fault.name


@pytest.mark.parametrize("family", FAMILIES)
def test_no_fault_is_stale_and_the_right_rule_stays(family):
    before = dict(RULES)
    for fault in (each for each in FAMILIES[family] if each.rule in RULES):
        assert fault.apply()[fault.rule] != RULES[fault.rule], fault.name
    assert dict(RULES) == before


@pytest.mark.parametrize("change", [("dy.sum(axis=0)", "0"), ("matmul", "np.dot")])
def test_a_part_that_is_gone_or_stands_twice_makes_a_fault_stale(change):
    with pytest.raises(StaleFault, match=r"dense has \d+ times .*expected once"):
        SourceChange(*change).rule("dense", RULES["dense"])
    with pytest.raises(StaleFault, match="dense has"):
        SourceChanges((("", *change),)).rule("dense", RULES["dense"])


def test_a_fault_in_a_helper_is_a_fault_of_one_rule_alone():
    fault = next(each for each in CATALOGUE if each.name == "lstm: the cell is not carried back")
    assert "scratch_bp.rules.recurrent.lstm_cell" in uses("scratch_bp.rules.recurrent.lstm")
    planted = fault.apply()
    assert planted["lstm"] != RULES["lstm"]
    assert planted["lstm_cell"] is RULES["lstm_cell"]


@cache
def begun(rule):
    """The cases of a rule that were drawn so far, and those to come: to draw one takes longer than to try it."""
    return [], _cases_of(rule)


def cases_of(rule):
    """The arrays and options of nodes of this rule, as they are drawn."""
    known, later = begun(rule)
    yield from known
    for each in later:
        known.append(each)
        yield each


def _cases_of(rule):
    recipe = Recipe(MOST * NETWORKS_A_SHARD, 5, rules=(rule,), dtypes=("float64",))
    for shard in range(0, MOST, 5):  # sizes stay the same for a few shards
        for each in islice(drawn(recipe, shard), 20):
            arrays, _ = each.case.make()
            for node in each.case.network.nodes:
                if node.rule == rule and set(node.reads) <= set(arrays):
                    yield tuple(arrays[name] for name in node.reads), dict(node.config)


def shown(fault: PlantedFault) -> bool:
    """Does some case show another value or another gradient than the right rule's, on exact numbers?"""
    faulty, right = fault.apply()[fault.rule], RULES[fault.rule]
    with exact.bits(256), np.errstate(all="ignore"):
        cases = chain(RARE_CASES.get(fault.name, ()), cases_of(fault.rule))
        return any(_differ(faulty, right, *case) for case in cases)


def _differ(faulty, right, arrays, config):
    lifted = [a if a.dtype.kind in "iub" else exact.lift(a) for a in arrays]
    y, saved = right.forward(*lifted, **config)
    other, kept = faulty.forward(*lifted, **config)
    if _apart(y, other):
        return True
    parts = y if isinstance(y, tuple) else (y,)
    rng = np.random.Generator(np.random.PCG64(1))
    # laid out in memory the other way round, as a rule behind may do
    dy = tuple(np.asfortranarray(exact.lift(rng.standard_normal(np.shape(part)))) for part in parts)
    dy = dy if isinstance(y, tuple) else dy[0]
    return any(_apart(*pair) for pair in zip(right.backward(saved, dy), faulty.backward(kept, dy), strict=True))


def _apart(one, other):
    if one is None or isinstance(one, tuple):
        return isinstance(one, tuple) and any(map(_apart, one, other))
    if np.shape(one) != np.shape(other):
        return True
    one, other = exact.to_float(np.asarray(one, object)), exact.to_float(np.asarray(other, object))
    seen = np.isfinite(one)
    return bool((abs(one - other)[seen] > 1e-12 * abs(one[seen])).any() or not np.isfinite(other[seen]).all())


@pytest.mark.parametrize("family", [name for name in FAMILIES if name not in ("behaviour", "optimisers")])
def test_every_fault_of_the_numbers_is_another_function_or_another_gradient(family):
    """None is a right rule in other words: some case tells them apart in exact arithmetic."""
    same = [each.name for each in FAMILIES[family] if each in NUMBERS and not shown(each)]
    assert not same


def test_a_rule_in_other_words_is_told_from_a_fault():
    same = PlantedFault(
        name="tanh: in other words", rule="tanh", kind="slope", patch=SourceChange("1 - y * y", "(1 - y) * (1 + y)")
    )
    assert not shown(same)


@pytest.mark.parametrize("fault", FAMILIES["optimisers"], ids=lambda fault: fault.name)
def test_a_faulty_optimiser_is_not_pytorch_s(fault):
    pytest.importorskip("torch")
    assert of_optimiser(fault, 300, 0).caught
