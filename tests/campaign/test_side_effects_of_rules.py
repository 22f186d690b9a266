"""A side effect of a rule under test fails a run, under its own name."""

from backcheck.campaign.recipe import Recipe
from backcheck.campaign.shard import failures_of, run_shard
from backcheck.commands.outcome import exit_code
from backcheck.errors import DISAGREE
from backcheck_reports import summary_of
from backcheck_reports.record import Verdict
from backcheck_reports.statistics.totals import headline, outcome, tone


def test_it_is_counted_and_listed_under_its_own_name(tmp_path):
    recipe = Recipe(4, rules=("square",), oracles=("exact",), subject="tests.campaign.spoiling_rules:RULES")
    run_shard(recipe, 0, tmp_path)
    assert {failure.bucket[:2] for failure in failures_of(recipe, tmp_path)} == {("contract", "square")}
    summary = summary_of(tmp_path)
    assert exit_code(summary, complete=True) == DISAGREE
    totals = summary.totals
    assert (totals[Verdict.DISAGREE], totals[Verdict.SIDE_EFFECT] > 0) == (0, True)
    assert outcome(totals) == f"{totals[Verdict.SIDE_EFFECT]} side effects"
    assert f"{totals[Verdict.SIDE_EFFECT]} with a side effect" in headline(totals)
    assert tone(totals) == "disagree"
    (finding,) = summary.findings
    assert finding.only_effects
    assert outcome(totals, findings=summary.findings) == "1 rule has a side effect: square"
