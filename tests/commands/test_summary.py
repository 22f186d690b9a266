"""The summary of a CI job: what it says, and that no run makes it larger than a step may write."""

from dataclasses import replace

import pytest

from backcheck import errors
from backcheck_reports import (
    CaseNote,
    Run,
    ShardWriter,
    Verdict,
    read_notes,
    read_run,
    summary_of,
    write_note,
    write_run,
)
from backcheck_reports.exports.markdown import CELL, ROWS, SENTENCE, cell
from backcheck_reports.exports.markdown import markdown as markdown_of
from backcheck_reports.record import Record

CAP = 2**20  # bytes that a step may write
HOSTILE = "<script>|`*_[x](y)\n~&\\"
WRONG = Record(
    *("c0ffee00", 0, "x", "square", "x", "numpy", "float64", "given", (3,), 3, Verdict.DISAGREE),
    *(1.0, 0.5, 1e15, 1e14, 1e-15, 1e-14, (2,), 2.0, 4.0),
)
NOTE = CaseNote("c0ffee00", "square.x  float64", ("got 0.5 x want",), "x[3] -> square", (), "", "the script below")


def markdown(place):
    return markdown_of(read_run(place), summary_of(place), read_notes(place))


@pytest.fixture
def folder(tmp_path):
    """A run of these records and notes."""

    def write(*records, notes=(), complete=True):
        write_run(tmp_path, Run(environment={}, complete=complete))
        with ShardWriter(tmp_path, 0) as out:
            out.records(records)
        for note in notes:
            write_note(tmp_path, note)
        return tmp_path

    return write


def test_a_failure_is_a_row_with_its_case_and_its_words(folder):
    right = replace(WRONG, case="a", verdict=Verdict.AGREE, fraction=0.1)
    text = markdown(folder(WRONG, replace(WRONG, case="b"), right, notes=[NOTE]))
    assert text.startswith("## 1 rule is wrong: square\n")
    assert "| square | the gradient of x is wrong | c0ffee00 | got 0.5 x want |" in text
    assert "1 verdict agrees, 2 disagree." in text


def test_a_run_in_which_all_agree_has_no_table(folder):
    text = markdown(folder(replace(WRONG, verdict=Verdict.AGREE, fraction=0.1)))
    assert text.startswith("## The one verdict agrees\n")
    assert "|" not in text


def test_a_run_that_broke_off_says_so(folder):
    assert "not complete" in markdown(folder(replace(WRONG, verdict=Verdict.AGREE), complete=False))


def test_forward_values_and_promises_are_no_gradients(folder):
    forward = replace(WRONG, tensor="output", argument="value")
    promise = replace(WRONG, tensor="y.again", argument="again", party="contract")
    text = markdown(folder(forward, promise))
    assert "| forward value | the forward value is wrong | c0ffee00 |" in text
    assert "| square | a second call gives another answer | c0ffee00 |" in text


def test_text_is_shown_unchanged_and_on_one_line():
    shown = cell(HOSTILE)
    assert not set("<>|`*_[]~\\\n") & set(shown)
    assert shown.replace("&#", "").count("&") == 0
    assert len(cell("x" * 10**6)) == CELL


def test_a_huge_run_stays_far_below_the_cap(folder):
    kinds = [replace(WRONG, rule=f"{HOSTILE * 500}{number}", case=f"c{number}") for number in range(3 * ROWS)]
    notes = [
        replace(NOTE, id=f"c{n}", title=f"{kind.rule}.x  float64", lines=("|" * 10**5,)) for n, kind in enumerate(kinds)
    ]
    text = markdown(folder(*kinds, *(replace(WRONG, case=f"d{number}") for number in range(2000)), notes=notes))
    assert sum(line.startswith("| ") for line in text.splitlines()) == ROWS + 1
    assert f"and {2 * ROWS + 1} more findings" in text
    assert 50_000 < len(text.encode()) < CAP / 2
    # whatever is written: four cells a row, no character longer than &#124;, and the few words around them
    assert (ROWS * 4 * CELL + CELL + SENTENCE) * len("&#124;") + ROWS * len("| | | | | |\n") + 1000 < CAP / 2


def test_the_command_prints_it_and_succeeds_whatever_the_run_has_found(folder, command):
    place = folder(WRONG, notes=[NOTE])
    code, printed, _ = command("summary", place)
    assert code == errors.AGREE
    assert printed.rstrip("\n") == markdown(place).rstrip("\n")
    code, printed, complaint = command("summary", place / "nowhere")
    assert (code, printed) == (errors.USAGE, "")
    assert "does not exist" in complaint
