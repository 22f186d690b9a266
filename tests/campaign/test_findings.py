"""One bug is one finding: planted faults are named by everything that tells of a run, and no innocent rule is."""

import json
import random
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from backcheck.campaign.power.catalogue import FAMILIES
from backcheck.campaign.power.fault import COMMON
from backcheck.campaign.recipe import Recipe, cases_of_shard
from backcheck.campaign.shard import run_shard
from backcheck.commands.outcome import answer, lines
from backcheck.diagnosis.blame import blamed
from backcheck.diagnosis.locate import diagnose
from backcheck.verdicts.cases import check_case
from backcheck.verdicts.records import records
from backcheck_reports import Run, read_records, summarise, summary_of, write_run
from backcheck_reports.exports.formats import export, held
from backcheck_reports.exports.two_runs import beside
from backcheck_reports.page.page_view import page_view
from backcheck_reports.record import FAULTS
from scratch_bp.rules import RULES
from tests.campaign.three_wrong_rules import WRONG

THREE = ("dense", "layer_norm", "silu")
INNOCENT = ("tanh", "add", "multiply")
CHEAP = ("activations", "combination", "reductions")  # families whose rules take a millisecond
# what shows only between two calls, or beside another implementation of the function, is another question
LARGE = {"transformer_encoder_layer"}  # behind a fault its truth takes minutes
APART = {"stale", "forward", "mutation"}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A small run of the three wrong rules among innocent ones, and one of the right rules."""
    folders = []
    for subject, networks in (("tests.campaign.three_wrong_rules:WRONG", 14), (None, 8)):
        folder = tmp_path_factory.mktemp("run")
        recipe = Recipe(
            networks, 1, rules=(*THREE, *INNOCENT), dtypes=("float64",), oracles=("exact",), subject=subject
        )
        run_shard(recipe, 0, folder)
        write_run(folder, Run(recipe.to_json(), {}, complete=True))
        folders.append(folder)
    return folders


@pytest.mark.parametrize(
    ("table", "what"),
    [
        ("RAISING", "the gradient of x is wrong; it raises"),
        ("SHAPED", "the gradient of x is wrong; it raises"),
        ("WITHOUT_VALUE", "the forward value is wrong"),
    ],
)
def test_a_rule_that_ends_the_pass_is_blamed_for_all_that_is_missing(table, what, tmp_path):
    """The arrays behind it are read by rules that have run already, or never run, and all their gradients are lost."""
    subject = f"tests.campaign.three_wrong_rules:{table}"
    rules = ("sigmoid", "tanh", "softmax", "mse", "dense")
    recipe = Recipe(8, 0, rules=rules, dtypes=("float64",), oracles=("exact", "differences"), subject=subject)
    run_shard(recipe, 0, tmp_path)
    write_run(tmp_path, Run(recipe.to_json(), {}, complete=True))
    (finding,) = summary_of(tmp_path).findings
    assert (finding.rule, finding.what) == ("sigmoid", what)
    assert finding.elsewhere > 0


def red(summary):
    """The rules that have a fault in the table."""
    return {row.rule for row in summary.rows if any(row.counts[verdict] for verdict in FAULTS)}


def test_three_planted_faults_are_three_findings(run):
    summary = summary_of(run[0])
    assert tuple(finding.rule for finding in summary.findings) == THREE
    assert {finding.party for finding in summary.findings} == {"numpy"}
    assert red(summary) == set(THREE)
    assert {row.rule for row in summary.rows if row.behind} & set(INNOCENT), "innocent rules stand behind them"
    assert sum(finding.verdicts for finding in summary.findings) == summary.totals.faults
    parts = {finding.rule: [part.tensor for part in finding.parts] for finding in summary.findings}
    assert parts == {"dense": ["b"], "layer_norm": ["x"], "silu": ["x"]}


def test_without_the_rule_at_fault_innocent_rules_would_be_red(run):
    own = [replace(record, fault_rule="", fault_tensor="") for record in read_records(run[0])]
    assert red(summarise(own)) & set(INNOCENT)


def test_everything_that_tells_of_the_run_speaks_of_the_three(run):
    told = held(run[0])
    said = "3 rules are wrong: dense, layer_norm, silu"
    assert answer(told.summary).startswith(said)
    terminal = lines(told.summary, run[0] / "agreement.html", run[0], None)
    assert [line.split()[1] for line in terminal if line.startswith("WRONG")] == ["dense:", "layer_norm:", "silu:"]
    page = page_view(told.run, told.summary, told.notes)
    assert page.outcome == said
    assert tuple(card.name for card in page.failing) == THREE
    assert {row.rule for row in page.matrix.rows if row.kind == "disagree"} == set(THREE)
    root = ElementTree.parse(export("junit", told)).getroot()
    failed = [case.get("name") for case in root.iter("testcase") if case.find("failure") is not None]
    assert failed == [f"{rule} is right" for rule in THREE]
    assert [row.split(" | ")[0] for row in export("markdown", told).read_text().splitlines() if row[:2] == "| "][
        1:
    ] == [f"| {rule.replace('_', '&#95;')}" for rule in THREE]
    data = json.loads(export("json", told).read_text())
    assert (data["outcome"], [each["rule"] for each in data["findings"]]) == (said, list(THREE))


def test_two_runs_side_by_side_say_which_rules_are_wrong_now(run):
    wrong, right = map(held, run)
    assert beside(right, wrong).outcome.startswith("Wrong now: dense, layer_norm, silu; ")
    assert beside(wrong, right).outcome.startswith("No longer wrong: dense, layer_norm, silu; ")


def summary_with(table, cases):
    """The summary of a few networks, judged by exact arithmetic."""
    found = []
    with np.errstate(all="ignore"):
        for number, case in enumerate(cases):
            checked = check_case(case, table, ("exact",))
            own = blamed(checked, diagnose(checked))
            found += records(checked, case=case.id, network=number, profile=case.profile, blamed=own)
    return summarise(found)


def wrong_with(fault, cases):
    """The gradients that are wrong with this fault alone."""
    return {(each.case, each.tensor) for each in summary_with(fault.apply(RULES), cases).disagreements}


def pair(number, families):
    """Two faults of the catalogue in two rules, drawn at random."""
    known = [fault for family in families for fault in FAMILIES[family]]
    usable = [f for f in known if f.patch and f.common == COMMON and f.kind not in APART and f.rule not in LARGE]
    usable = [fault for fault in usable if "output" not in fault.tensors]
    rng = random.Random(number)
    one, other = rng.sample(usable, 2)
    return (one, other) if one.rule != other.rule else pair(number + 1000, families)


def assert_named(one, other, seed, networks):
    table = other.apply(one.apply(RULES))
    rules = (one.rule, other.rule, *INNOCENT[:2])
    recipe = Recipe(networks, seed, rules=rules, dtypes=("float64",), oracles=("exact",))
    cases = list(cases_of_shard(recipe, 0, table))  # what is drawn depends on the code: the same for all three tables
    summary = summary_with(table, cases)
    named = {finding.rule for finding in summary.findings}
    assert red(summary) == named
    assert named <= {one.rule, other.rule}
    assert len(summary.findings) == len(named)
    # what is not found is not reached by these networks: by itself it is not found either, or only where the other
    # fault makes the same gradient wrong
    for fault, second in ((one, other), (other, one)):
        if fault.rule not in named:
            assert wrong_with(fault, cases) <= wrong_with(second, cases), fault.name


@pytest.mark.parametrize("number", range(6))
def test_two_planted_faults_are_two_findings(number):
    assert_named(*pair(number, CHEAP), seed=number, networks=6)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(30))
def test_two_planted_faults_of_the_whole_catalogue_are_two_findings(number):
    families = [name for name in FAMILIES if name not in ("recurrent", "optimisers", "functions")]
    assert_named(*pair(number, families), seed=number, networks=8)


def test_the_rules_are_wrong_indeed():
    assert all(WRONG[name] != RULES[name] for name in THREE)
