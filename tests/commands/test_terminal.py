"""Text of others on the terminal: nothing that a terminal obeys, and no line that passes for one of ours."""

import json
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import backcheck
from backcheck import errors
from backcheck.commands import terminal
from backcheck.printable import printable, printable_lines
from backcheck_reports import Run, ShardWriter, Verdict, write_note, write_run
from backcheck_reports.storage.codec import dumps
from tests.reports.conftest import NOTE, SOUND

# colours, a window's title, a C1 control, what reorders the letters that follow, line ends, a backspace, a tag
HOSTILE = "\x1b[2J\x1b]0;title\x07\x9b31m\u202egreen\u2066\r\nAGREE\u2028AGREE\x85AGREE\x08\u200b\U000e0041\ud800"
OBEYED = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def obeyed(text):
    return {each for each in text if unicodedata.category(each) in OBEYED and each not in "\n\t"}


@given(st.text(st.characters(), max_size=40))
@example(HOSTILE)
def test_nothing_is_left_that_a_terminal_obeys(text):
    shown = printable(text)
    assert not obeyed(shown)
    assert "\n" not in shown
    assert printable(shown) == shown
    assert printable_lines(text).split("\n")[0] == printable(text.split("\n")[0])
    assert all(line.startswith("  ") for line in printable_lines(text).split("\n")[1:])


@pytest.mark.parametrize("text", ["dW – ∂L/∂x … 1e-16", "naïve\ttab", "", "名前\u3000", "\xa0"])
def test_what_is_plain_is_shown_as_it_is(text):
    assert printable(text) == text


@pytest.fixture
def run(tmp_path):
    """A run in which whatever is a string is hostile, and which agrees."""
    strings = dict.fromkeys(("rule", "argument", "profile", "reason", "dtype", "case"), HOSTILE)
    folder = tmp_path / "run"
    wrong = replace(SOUND, **strings, verdict=Verdict.DISAGREE)
    hidden = replace(SOUND, **strings, verdict=Verdict.UNAVAILABLE)
    write_run(folder, Run({"seed": HOSTILE, "subject": HOSTILE}, {HOSTILE: HOSTILE}, HOSTILE))
    with ShardWriter(folder, 0) as out:
        out.records([SOUND, wrong, *[hidden] * 30])
        out.case({"id": HOSTILE, "case": {"network": HOSTILE}})
    note = replace(NOTE, title=HOSTILE, lines=(HOSTILE, HOSTILE), network=HOSTILE, again=HOSTILE, reproducer=HOSTILE)
    write_note(folder, replace(note, verdict=HOSTILE))
    (folder / ".records-0001.jsonl.0a.part").write_text("cut")
    crash = {"network": 0, "party": HOSTILE, "words": HOSTILE}
    (folder / "ended.json").write_text(dumps([crash]))
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", "{run}"),
        ("report", "{run}", "{run}"),
        ("report", "{run}", "--json"),
        ("summary", "{run}"),
        ("replay", "0123", "--out", "{run}"),
        ("replay", "\x1b", "--out", "{run}"),
        ("replay", "{run}/cases-0000.jsonl"),
        ("replay", "{run}/run.json"),
        ("baseline", "compare", "--file", "{run}/run.json"),
        ("verify", "--resume", "--out", "{run}", "--networks", "3"),
        ("\x1b[31mverify",),
        ("verify", "--\x1b[31mrules"),
        ("verify", "--rules", "\x1b[31m\u202erelu"),
        ("verify", "--networks", "\x1b[31m"),
        ("report", "\x1b[31m/nowhere"),
        ("train", "--data", "\x1b[31m.npz", "--out", "{run}x"),
    ],
)
def test_no_command_prints_what_a_terminal_obeys(command, run, arguments, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    code, printed, complaint = command(*(each.replace("{run}", str(run)) for each in arguments))
    assert not obeyed(printed)
    assert not obeyed(complaint)
    assert not [line for line in (printed + complaint).splitlines() if line.startswith("AGREE")]
    assert "Traceback" not in complaint
    assert "fault of its own" not in complaint
    assert code in (errors.DISAGREE, errors.USAGE) or arguments[0] == "summary"


def test_json_is_json_whatever_is_in_it(command, run):
    _, printed, _ = command("report", run, "--json")
    assert json.loads(printed)["failures"][0]["title"] == HOSTILE.replace("\ud800", "?")  # half a character is no text


def test_what_others_wrote_is_printed_as_escapes(command, run):
    _, printed, _ = command("report", run)
    assert printed.count(r"\x1b[2J\x1b]0;title\x07\x9b31m\u202egreen\u2066\r\nAGREE\u2028") > 5
    assert r"| \x1b" in command("summary", run)[1]


def test_an_exception_of_the_code_under_test_is_shown_and_not_obeyed():
    def forward(x):
        return x * x, x

    def raises(x, dy):
        raise RuntimeError(HOSTILE)

    def wrong(x, dy):
        return (x * dy,)

    wrong.__name__ = f"wrong{HOSTILE}"
    for backward in (raises, wrong):
        try:
            check = backcheck.check_vjp(forward, backward, [0.5, 2.0])
            said = f"{check}\n{check!r}\n{check.explain()}"
        except backcheck.BadInput as error:
            said = str(error)
        assert not obeyed(said)


def test_the_error_of_an_import_is_shown_and_not_obeyed(command, tmp_path, monkeypatch):
    (tmp_path / "hostile_module.py").write_text(f"raise RuntimeError({HOSTILE!a})\n")
    monkeypatch.chdir(tmp_path)
    code, _, complaint = command("verify", "--subject", "hostile_module:RULES", "--out", tmp_path / "run")
    assert code == errors.USAGE
    assert not obeyed(complaint)
    assert not [line for line in complaint.splitlines() if line.startswith("AGREE")]


@pytest.mark.parametrize(("line", "begins"), [("WRONG  dense: x", "\x1b[31m"), ("All 3 agree", "\x1b[32m"), ("x", "x")])
def test_a_verdict_is_in_colour(monkeypatch, line, begins):
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert terminal.coloured(line).startswith(begins)
    monkeypatch.setenv("NO_COLOR", "1")
    assert terminal.coloured(line) == line


def test_a_pipe_gets_no_colour(monkeypatch, capsys):
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal.show(["WRONG  dense: the gradient of x is wrong"])
    assert capsys.readouterr().out == "WRONG  dense: the gradient of x is wrong\n"
