"""What `backcheck verify --subject` says of code that no network has reached: terminal, JSON, page, Markdown."""

import json
from pathlib import Path

import pytest

from backcheck.commands import verify
from tests.commands.in_this_process import one_worker_here

SENTENCE = "never run: tests/campaign/branchy_rules.py:"
WORDS = ("--networks", "2", "--rules", "tanh", "--oracles", "differences", "--workers", "1")
SUBJECT = ("--subject", "tests.campaign.branchy_rules:RULES")


@pytest.fixture
def here(monkeypatch, request):
    monkeypatch.chdir(request.config.rootpath)
    monkeypatch.setattr(verify, "Pool", one_worker_here)


@pytest.mark.usefixtures("here")
def test_it_is_said_on_the_terminal_and_on_the_page(command, tmp_path):
    code, out, _ = command("verify", *WORDS, *SUBJECT, "--out", tmp_path)
    assert code == 0
    (line,) = [each for each in out.splitlines() if each.startswith("never run")]
    assert line.startswith(SENTENCE)
    assert "(if y.size > 10**6)" in line
    page = (tmp_path / "agreement.html").read_text(encoding="utf-8")
    assert SENTENCE in page
    assert SENTENCE.replace("_", "&#95;") in command("summary", tmp_path)[1]
    assert SENTENCE in command("report", tmp_path)[1]


@pytest.mark.usefixtures("here")
def test_it_is_in_the_json_and_can_be_switched_off(command, tmp_path):
    _, out, _ = command("verify", *WORDS, *SUBJECT, "--json", "--out", tmp_path)
    (line,) = json.loads(out)["never_run"]
    assert line.startswith(SENTENCE)
    command("report", tmp_path, "--format", "json")
    assert json.loads(Path(tmp_path / "agreement.json").read_text())["never_run"] == [line]
    _, out, _ = command("verify", *WORDS, *SUBJECT, "--no-coverage", "--json", "--out", tmp_path)
    assert json.loads(out)["never_run"] == []
