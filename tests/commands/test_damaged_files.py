"""Whatever became of the files of a run, a command ends with an answer or with one sentence, never with a traceback."""

import shutil
import sys
from dataclasses import replace

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backcheck.commands import cli
from backcheck.commands.options import commands
from backcheck.errors import BackcheckError
from backcheck.gallery import step_curve
from backcheck_reports import read_run, write_run
from tests.commands.corruptions import damaged
from tests.regression.test_page import BASELINE, COMPARISON, PAST

PLANTED = """
import numpy as np
from scratch_bp.rules import RULES as OURS
RULES = {**OURS, "tanh": (OURS["tanh"].forward, lambda saved, dy: (2 * OURS["tanh"].backward(saved, dy)[0],))}
"""
FILES = ("run.json", "records-0000.jsonl", "cases-0000.jsonl", "notes", "ended.json", "speed.json")


def ended(*arguments) -> str:
    """How the command ended. Whatever is no sentence is raised."""
    try:
        commands([str(each) for each in arguments], standalone_mode=False)
    except (click.ClickException, BackcheckError) as error:
        return str(error)
    except SystemExit:
        return ""
    except ValueError as error:
        if type(error).__module__.partition(".")[0] not in cli.LEAVES:
            raise
        return str(error)
    return ""


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return sound_run(tmp_path_factory.mktemp("sound"))


def sound_run(place):
    """A run with a note and with everything that a page can show."""
    (place / "planted_tanh.py").write_text(PLANTED)
    sys.path.insert(0, str(place))
    folder = place / "run"
    try:
        ended("verify", "--networks", 3, "--rules", "tanh,dense", "--subject", "planted_tanh:RULES", "--workers", 1,
              "--oracles", "differences,exact", "--out", folder)  # fmt: skip
    finally:
        sys.path.remove(str(place))
    training = {"data": "digits", "layers": [4, 3], "loss": [0.5, 0.25], "accuracy": [0.5, 0.75], "checked": [
        {"when": "start", "step": 0, "verdicts": {"agree": 4}, "worst_ulps": 1.5, "residual": "nan"}]}  # fmt: skip
    power = {"fault": "sign", "rule": "tanh", "caught": 3, "missed": 1}
    speed = {"rule": "tanh", "phase": "forward", "ours_ms": 2.0, "theirs_ms": 1.0, "ratio": 2.0}
    convention = {"rule": "abs", "point": "0", "input": "x = 0", "low": [-1.0], "high": [1.0], "shared": False,
                  "numpy": "0", "torch": "0", "jax": "1", "inside": {"jax": False}}  # fmt: skip
    piece = {"rule": "norm", "dtype": "float64", "what": "slope", "truth": "1",
             "answers": [{"party": "JAX", "answer": "nan", "outlier": True}]}  # fmt: skip
    run = read_run(folder)
    subjectless = {name: value for name, value in run.recipe.items() if name != "subject"}
    run = replace(run, recipe={**subjectless, "subject": None}, changes=COMPARISON, history=PAST, training=training,
                  power=(power,), speed=(speed,), conventions=(convention,), gallery=(piece,),
                  steps=step_curve.measured())  # fmt: skip
    write_run(folder, run)
    (folder / "ended.json").write_text('[{"network": 2, "party": "torch", "words": "SIGSEGV"}]')
    (folder / "speed.json").write_text('[{"rule": "tanh", "phase": "forward", "ratio": 2.0}]')
    return folder


def copied(sound, folder):
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(sound, folder)
    return folder


def path_of(folder, name):
    return next((folder / "notes").glob("*.json")) if name == "notes" else folder / name


@st.composite
def damage(draw, sound):
    """A file of the run and what becomes of it."""
    name = draw(st.sampled_from(FILES))
    text = path_of(sound, name).read_bytes()
    return name, draw(damaged(text, name.endswith(".jsonl")))


def check_report(sound, folder, data):
    if data.draw(st.booleans()):
        sound = copied(sound, folder / "baseline")
        write_run(sound, replace(read_run(sound), changes=BASELINE))
    run = copied(sound, folder / "run")
    name, text = data.draw(damage(sound))
    path_of(run, name).write_bytes(text)
    ended("report", run, *(("--format", "markdown") if data.draw(st.booleans()) else ()))


def check_replay(sound, folder, data):
    run = copied(sound, folder / "run")
    lines = path_of(run, "cases-0000.jsonl").read_bytes().splitlines()
    path = folder / "case.json"
    path.write_bytes(data.draw(damaged(data.draw(st.sampled_from(lines)), False)))
    ended("replay", path, "--out", run)


CHECKS = {"report": check_report, "replay": check_replay}


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_damage_ends_in_a_sentence(check, sound, tmp_path, capsys):
    @settings(max_examples=60)
    @given(st.data())
    def holds(data):
        check(sound, tmp_path, data)

    holds()


@pytest.mark.slow
@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_damage_ends_in_a_sentence_10_000_times(check, sound, tmp_path, capsys):
    @settings(max_examples=10_000, derandomize=False)
    @given(st.data())
    def holds(data):
        check(sound, tmp_path, data)

    holds()
