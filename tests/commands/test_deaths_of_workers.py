"""Whatever a network does to the process that checks it, it is unavailable with its recipe, and the run goes on."""

import json

import pytest

from backcheck import errors
from backcheck.campaign import memory
from backcheck.campaign.recipe import Recipe, draw
from backcheck_reports import read_records
from backcheck_reports.storage.codec import encode
from scratch_bp.rules import RULES
from tests.campaign.deadly import fingerprint

NETWORKS = 16
RECIPE = Recipe(NETWORKS, rules=("tanh",), dtypes=("float64",), oracles=("exact",))
SAID = {
    "loop": "not within 4 s; it was in loop, line ",
    "sleep": "not within 4 s; it was in <lambda>, line ",
    "c": "not within 4 s; it was in hang_in_c, line ",
    "memory": "it takes more than 400 MB of memory",
    "segv": "whoever is asked, its process ends: SIGSEGV",
    "kill": "whoever is asked, its process ends: SIGKILL",
}


def harmed(kinds):
    """For each kind a network of its own, with the fingerprint of the array at which it does it."""
    found = {}
    for network in range(1, NETWORKS):
        case = draw(RECIPE, network, RULES)
        first = case.network.nodes[0].reads[0]
        if first in case.network.arrays:
            found.setdefault(fingerprint(case.make()[0][first]), network)
    assert len(found) >= len(kinds)
    return {network: (print_, kind) for (print_, network), kind in zip(found.items(), kinds, strict=False)}


@pytest.fixture
def verify(monkeypatch, tmp_path, command):
    def run(name, harm):
        monkeypatch.setenv("HARM", json.dumps(dict(harm.values())))
        monkeypatch.setattr(memory, "LEAST_MB", 0)  # without frameworks a worker is small
        recipe = ("--networks", NETWORKS, "--rules", "tanh", "--dtype", "float64", "--oracles", "exact")
        limits = ("--workers", 2, "--case-seconds", 4, "--worker-memory", 400)
        subject = ("--subject", "tests.campaign.harmful:TABLE", "--out", tmp_path / name)
        return command("verify", *recipe, *limits, *subject)

    return run


@pytest.mark.parametrize(
    "kinds", [("loop", "c", "segv", "memory"), pytest.param(tuple(SAID), marks=pytest.mark.slow)], ids=["some", "all"]
)
def test_a_network_that_does_not_end_is_unavailable_and_no_other_is_lost(verify, tmp_path, kinds):
    harm = harmed(kinds)
    code, printed, complaint = verify("run", harm)
    assert code == errors.COULD_NOT, complaint
    assert f"{len(kinds)} networks not judged, since the check did not end: " in printed
    assert "again: backcheck replay " in printed
    ended = json.loads((tmp_path / "run" / "ended.json").read_text())
    assert [row["network"] for row in ended] == sorted(harm)
    for row in ended:
        assert row["words"].startswith(SAID[harm[row["network"]][1]])
    code, _, _ = verify("well", {})
    assert code == errors.AGREE
    found, want = (list(read_records(tmp_path / name)) for name in ("run", "well"))
    others = [encode(record) for record in found if record.network not in harm]
    assert others == [encode(record) for record in want if record.network not in harm]
    lost = [record for record in found if record.network in harm]
    assert {record.network for record in lost} == set(harm)
    assert {str(record.verdict) for record in lost} == {"unavailable"}
    assert all(record.reason.startswith("the check did not end: ") for record in lost)
    assert {record.case for record in lost} == {record.case for record in want if record.network in harm}
