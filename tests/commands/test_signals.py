"""A run that is ended from outside: one sentence, the right exit code, nothing lost, and no process left behind."""

import gc
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from backcheck.commands import signals

RECIPE = ("--networks", "2000", "--rules", "tanh,exp,dense", "--oracles", "exact", "--workers", "2")
PATIENCE = 60  # seconds: the machine may be busy
SOON = 10  # seconds in which a worker ends with its parent, on a machine that is busy


@pytest.fixture
def interruptible():
    """A shell that puts the tests in the background has SIGINT ignored, and so would every process of theirs."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def run(tmp_path, interruptible):
    """A run in a session of its own, as from a terminal."""
    command = [sys.executable, "-m", "backcheck", "verify", *RECIPE, "--out", str(tmp_path / "run")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stderr.close()


def wait_until(happens):
    until = time.monotonic() + PATIENCE
    while not (found := happens()):
        assert time.monotonic() < until
        time.sleep(0.02)
    return found


def workers_of(run):
    """The two workers: `multiprocessing` has a process of its own beside them."""
    found = [each for each in psutil.Process(run.pid).children() if is_worker(each)]
    return found if len(found) == 2 else []


def is_worker(process):
    try:
        return "spawn_main" in " ".join(process.cmdline())
    except psutil.Error:  # it has ended, as git does that is asked for the commit
        return False


def all_ended(workers):
    gone, alive = psutil.wait_procs(workers, timeout=SOON)
    assert len(gone) == 2, alive


ENDINGS = {
    signal.SIGINT: (130, "interrupted; what was made is kept and report shows it, --resume goes on from it"),
    signal.SIGTERM: (143, "ended by SIGTERM; what was made is kept and report shows it, --resume goes on from it"),
    signal.SIGHUP: (129, "ended by SIGHUP, its terminal is gone; what was made is kept and report shows it, --resume"),
}


@pytest.mark.parametrize("number", ENDINGS, ids=lambda number: number.name)
def test_a_signal_ends_the_run_with_a_sentence_and_its_workers_with_it(run, tmp_path, number):
    workers = wait_until(lambda: workers_of(run))
    wait_until(lambda: [part for part in (tmp_path / "run").glob(".cases-*.part") if part.stat().st_size])
    os.kill(run.pid, number)
    _, complaint = run.communicate(timeout=PATIENCE)
    code, sentence = ENDINGS[number]
    assert run.returncode == code
    assert sentence in complaint
    assert "Traceback" not in complaint
    all_ended(workers)


def test_ctrl_c_while_workers_start_prints_no_traceback(run):
    """A terminal sends it to every process that it has started."""
    workers = wait_until(lambda: workers_of(run))
    os.killpg(run.pid, signal.SIGINT)
    _, complaint = run.communicate(timeout=PATIENCE)
    assert run.returncode == 130
    assert complaint.strip("\n") == ENDINGS[signal.SIGINT][1]
    all_ended(workers)


@pytest.mark.parametrize("when", ["starting", "at work"])
def test_workers_end_with_a_parent_that_is_killed(run, tmp_path, when):
    workers = wait_until(lambda: workers_of(run))
    if when == "at work":
        wait_until(lambda: [part for part in (tmp_path / "run").glob(".cases-*.part") if part.stat().st_size])
    run.kill()
    all_ended(workers)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_an_interrupt_in_a_callback_of_the_garbage_collector_is_not_lost(interruptible, number):
    struck, began = [], time.monotonic()

    def strike(phase, info):
        if not struck:
            struck.append(phase)
            signal.raise_signal(number)

    gc.callbacks.append(strike)
    try:
        with pytest.raises(KeyboardInterrupt) as met, signals.handled():  # noqa: PT012
            gc.collect()
            time.sleep(PATIENCE)
    finally:
        gc.callbacks.remove(strike)
    assert struck == ["start"]
    assert time.monotonic() - began < PATIENCE  # it ends a call that waits
    assert signals.told(met.value)[1] == 128 + number


def test_what_was_ignored_stays_ignored():
    """As SIGHUP does by nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals.handled():
            signal.raise_signal(signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_handlers_are_given_back():
    before = [signal.getsignal(number) for number in ENDINGS], sys.unraisablehook
    with signals.handled():
        assert signal.getsignal(signal.SIGTERM) not in before[0]
    assert ([signal.getsignal(number) for number in ENDINGS], sys.unraisablehook) == before
