"""The memory of workers is bounded, and there are no more of them than the memory holds."""

import os
import sys
from collections import deque

import pytest

from backcheck.campaign.recipe import Recipe
from backcheck.campaign.shard import run_shard
from backcheck.errors import BadInput
from backcheck.processes import memory
from backcheck.processes.pool import Cause, NetworkDone, Pool
from backcheck.processes.worker import CaseLimits, Job, Renewal, Steps
from backcheck_reports import read_records
from backcheck_reports.storage.codec import encode

GB = 1000 * memory.MB


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine with so many cores and so much memory, and control groups in a folder of its own."""

    def made(cores, free, **groups):
        monkeypatch.setattr(memory, "cores", lambda: cores)
        monkeypatch.setattr(memory.psutil, "virtual_memory", lambda: type("", (), {"available": free}))
        monkeypatch.setattr(memory, "GROUPS", tmp_path)
        for name, text in groups.items():
            (tmp_path / name.replace("_", ".")).write_text(text)

    return made


def test_as_many_workers_as_cores_where_the_memory_allows(machine):
    machine(4, 64 * GB)
    assert memory.workers_that_fit() == 4


def test_fewer_where_it_does_not_and_one_at_least(machine):
    machine(16, 9 * GB)
    assert memory.workers_that_fit() == 4
    assert memory.workers_that_fit(4500) == 2
    machine(16, 1 * GB)
    assert memory.workers_that_fit() == 1


def test_the_limit_of_a_container_counts(machine):
    machine(16, 64 * GB, memory_max=f"{7 * GB}\n", memory_current=f"{2 * GB}\n")
    assert memory.workers_that_fit() == 2


@pytest.mark.parametrize("text", ["max\n", "", "nonsense"])
def test_a_container_without_a_limit(machine, text):
    machine(16, 64 * GB, memory_max=text, memory_current="7\n")
    assert memory.workers_that_fit() == 16


def test_the_machine_that_this_runs_on():
    assert 0 < memory.available() <= memory.psutil.virtual_memory().total
    assert 1 <= memory.workers_that_fit() <= memory.cores()
    assert 10 * memory.MB < memory.held_by() == pytest.approx(memory.held_by(os.getpid()), rel=0.1)
    assert memory.held_by(2**22 - 1) == 0


def test_less_than_a_worker_needs_is_refused():
    with pytest.raises(
        BadInput, match="--worker-memory must be at least 1000 MB, twice what a worker begins with; got 7"
    ):
        memory.require_enough("--worker-memory", 7)


def grow(blocks, steps):
    """A job of four networks, each of which keeps memory; how many this process has seen of them."""
    held = []
    for network in range(blocks):
        steps.begin(network)
        held.append(bytearray(b"x") * (120 * memory.MB))
        steps.done(network, False)
    return len(held)


def test_a_worker_that_takes_too_much_is_ended():
    with Pool(1, CaseLimits(60, 300)) as pool:
        (death,) = [event for event in pool.run(deque([Job(take, (40,))])) if not isinstance(event, NetworkDone)]
    assert (death.network, death.cause, death.words) == (0, Cause.MEMORY, "it takes more than 300 MB of memory")


def take(blocks, steps):
    steps.begin(0)
    return grow(blocks, Steps())


RECIPE = Recipe(6, rules=("tanh", "exp"), oracles=("exact",))


class RenewedOnce(Steps):
    """As of a worker that has grown too large before network 3."""

    def begin(self, network):
        if network == 3:
            raise Renewal


class Begun(Steps):
    def __init__(self, met):
        self.met = met

    def begin(self, network):
        self.met.append(network)


def test_a_shard_goes_on_in_another_worker_and_its_records_are_the_same(tmp_path):
    run_shard(RECIPE, 0, tmp_path / "whole")
    with pytest.raises(Renewal):
        run_shard(RECIPE, 0, tmp_path / "renewed", RenewedOnce())
    assert not (tmp_path / "renewed" / "records-0000.jsonl").exists()
    steps = Begun([])
    run_shard(RECIPE, 0, tmp_path / "renewed", steps)
    assert steps.met == [3, 4, 5], "what was done is not done again"
    whole, renewed = (list(map(encode, read_records(tmp_path / name))) for name in ("whole", "renewed"))
    assert renewed == whole
    for kind in ("records", "cases"):
        assert (tmp_path / "renewed" / f"{kind}-0000.jsonl").read_bytes() == (
            tmp_path / "whole" / f"{kind}-0000.jsonl"
        ).read_bytes()


def count(steps):
    """The networks that this process has seen of four; it holds more than half of what it may."""
    seen, held = 0, bytearray(b"x") * (150 * memory.MB)
    for network in range(4):
        steps.begin(network)
        steps.done(network, bool(not held))
        seen += 1
    return seen


def test_a_worker_that_has_grown_is_renewed_between_two_networks():
    events = []
    with Pool(1, CaseLimits(60, 300)) as pool:
        for event in pool.run(deque([Job(count)])):
            events.append(event)
            if len(events) == 3:
                break
    assert [type(event) for event in events] == [NetworkDone] * 3, "the job never ends: it begins anew each time"
    assert {event.network for event in events} == {0}
    with Pool(1, CaseLimits(60, 3000)) as pool:
        assert pool.call(Job(count)) == 4


def test_what_jax_compiled_can_be_forgotten():
    jax = pytest.importorskip("jax")
    from backcheck_reference.frameworks import jax_pieces

    one = jax_pieces.piece(jax.numpy.sin, {})
    jax_pieces.forget()
    assert jax_pieces.piece(jax.numpy.sin, {}) is not one


@pytest.mark.parametrize("hidden", ["sched_getaffinity"])
def test_on_a_system_that_has_not_all_calls(monkeypatch, hidden):
    monkeypatch.delattr(os, hidden, raising=False)
    monkeypatch.setattr(sys, "platform", "win32")
    assert memory.cores() == os.cpu_count()
    memory.give_back()
