"""Whatever a network does to the process that checks it, it is unavailable with its recipe, and the run goes on."""

import json

import pytest

from backcheck import errors
from backcheck.campaign.recipe import Recipe, draw
from backcheck.processes import memory
from backcheck_reports import Met, finished_shards, read_records, read_run
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
    def run(name, harm, *more):
        monkeypatch.setenv("HARM", json.dumps(dict(harm.values())))
        monkeypatch.setattr(memory, "LEAST_MB", 0)  # without frameworks a worker is small
        recipe = ("--networks", NETWORKS, "--rules", "tanh", "--dtype", "float64", "--oracles", "exact")
        limits = ("--workers", 2, "--case-seconds", 4, "--worker-memory", 400)
        subject = ("--subject", "tests.campaign.harmful:TABLE", "--out", tmp_path / name)
        return command("verify", *recipe, *limits, *subject, *more)

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


@pytest.mark.parametrize("kind", ["segv", "memory"])
def test_workers_that_end_before_their_first_network_end_the_run(verify, command, monkeypatch, tmp_path, kind):
    """The import of the subject ends them, in workers only: it is none of the networks."""
    folder = tmp_path / "run"
    monkeypatch.setenv("HARM_IMPORT", kind)
    code, printed, complaint = verify("run", {})
    assert (code, printed) == (errors.COULD_NOT, "")
    words = {"segv": "SIGSEGV", "memory": "it takes more than 400 MB of memory"}[kind]
    assert complaint == (
        f"Error: 5 workers in a row ended before their first network ({words}). Mend what ends them, the import of the "
        f"--subject perhaps. What is finished is kept in {folder}, and --resume goes on with it\n"
    )
    assert not read_run(folder).complete
    assert list(read_records(folder)) == []
    code, printed, _ = command("report", folder)
    assert code == errors.COULD_NOT
    assert f"the run in {folder} is not complete" in printed
    monkeypatch.delenv("HARM_IMPORT")
    code, _, complaint = verify("run", {}, "--resume")
    assert code == errors.AGREE, complaint
    assert read_run(folder).complete
    assert {record.network for record in read_records(folder)} == set(range(NETWORKS))


def test_workers_that_cannot_begin_keep_what_is_finished(verify, monkeypatch, tmp_path):
    folder, more = tmp_path / "run", ("--networks", 60)
    assert verify("run", {}, *more)[0] == errors.AGREE
    want = list(map(encode, read_records(folder)))
    for kind in ("records", "cases"):
        (folder / f"{kind}-0001.jsonl").unlink()
    monkeypatch.setenv("HARM_IMPORT", "segv")
    assert verify("run", {}, *more, "--resume")[0] == errors.COULD_NOT
    kept = list(map(encode, read_records(folder, Met())))
    assert finished_shards(folder) == (0,)
    assert 0 < len(kept) < len(want)
    assert kept == want[: len(kept)]
    monkeypatch.delenv("HARM_IMPORT")
    assert verify("run", {}, *more, "--resume")[0] == errors.AGREE
    assert list(map(encode, read_records(folder))) == want


def test_a_training_that_does_not_end_is_said(verify, monkeypatch, tmp_path):
    monkeypatch.setenv("HARM_IMPORT", "segv")
    code, printed, complaint = verify("run", {}, "--train")
    assert (code, printed) == (errors.COULD_NOT, "")
    assert complaint == (
        "Error: the training of --train did not come to its end: SIGSEGV. Mend what ends it, or run without --train\n"
    )
    monkeypatch.delenv("HARM_IMPORT")
    assert verify("run", {}, "--resume")[0] == errors.AGREE
