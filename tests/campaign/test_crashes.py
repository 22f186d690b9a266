"""What ends a process cannot be caught; a run lives on without it, and says so."""

import json
import os
import subprocess
import sys

import pytest

from backcheck import errors
from backcheck.campaign.last_words import last_words
from backcheck.campaign.recipe import Recipe, draw
from scratch_bp.rules import RULES
from tests.campaign.deadly import fingerprint

RECIPE = Recipe(120, rules=("tanh", "exp"), oracles=("torch", "exact"))


@pytest.fixture(scope="module")
def chosen():
    """A network of the second shard that begins with tanh."""
    for network in range(55, 100):
        case = draw(RECIPE, network, RULES)
        first = case.network.nodes[0]
        if first.rule == "tanh" and first.reads[0] in case.network.arrays:
            return network, case.make()[0][first.reads[0]]
    raise AssertionError("no network begins with tanh")


@pytest.fixture
def command(tmp_path, chosen):
    def run(who, *more):
        told = {"DEADLY": who, "DEADLY_ARRAY": fingerprint(chosen[1])}
        recipe = ("--networks", "120", "--rules", "tanh,exp", "--oracles", "torch,exact")
        subject = ("--subject", "tests.campaign.deadly:TABLE")
        asked = (*more, *subject) if more[0] == "replay" else ("verify", *recipe, *subject, *more)
        given = [sys.executable, "-m", "backcheck", *asked, "--out", str(tmp_path / "run")]
        done = subprocess.run(given, env={**os.environ, **told}, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    return run


def test_a_framework_that_ends_the_process_is_spared_that_network(command, chosen, tmp_path):
    code, printed, complaint = command("torch", "--workers", "2", "--json")
    assert code == errors.AGREE, complaint
    facts = json.loads(printed)
    assert facts["networks"] == 120
    words = "SIGABRT, kernel.cc:586] Check failed: it fits"
    assert facts["ended"] == [{"network": chosen[0], "party": "torch", "words": words}]
    rows = [json.loads(line) for line in (tmp_path / "run" / "records-0001.jsonl").read_text().splitlines()]
    spared = [row for row in rows if row["network"] == chosen[0] and row["party"] == "torch"]
    assert {row["verdict"] for row in spared} == {"unavailable"}
    assert all(words in row["reason"] for row in spared)
    assert {row["network"] for row in rows} == set(range(50, 100))
    code, printed, complaint = command("torch", "replay", spared[0]["case"])
    assert code == errors.AGREE, complaint
    assert f"torch was not asked: torch ends the process here: {words}" in printed


def test_a_subject_that_ends_the_process_loses_that_network_alone(command, chosen, tmp_path):
    code, printed, complaint = command("subject", "--workers", "2")
    assert code == errors.COULD_NOT, complaint
    words = "whoever is asked, its process ends: SIGABRT"
    assert f"1 network not judged, since the check did not end: {words}" in printed
    rows = [json.loads(line) for line in (tmp_path / "run" / "records-0001.jsonl").read_text().splitlines()]
    assert {row["network"] for row in rows} == set(range(50, 100))
    assert {row["reason"] for row in rows if row["network"] == chosen[0]} == {f"the check did not end: {words}"}


def test_a_run_with_one_worker_lives_on_too(command, chosen):
    code, printed, complaint = command("torch", "--workers", "1")
    assert code == errors.AGREE, complaint
    assert "torch ended its process at 1 network and is unavailable there: SIGABRT" in printed


def test_what_can_be_caught_ends_nothing():
    assert last_words(_raises, ()) is None


def _raises(oracles):
    raise RuntimeError("bad")
