"""The recorded baseline: its text, what fails against it, what may be accepted, and the commands."""

import json
import sys
from dataclasses import replace

import pytest

from backcheck import errors
from backcheck.commands import cli
from backcheck.errors import BadInput
from backcheck.regression.baseline import acceptance, comparison, history
from backcheck.regression.baseline.file import Baseline, BaselineLine, BaselinePlan, lines_of, parsed, read, write
from backcheck.regression.baseline.run import Outcome
from backcheck_reports import Record, StoreError
from backcheck_reports.record import Verdict

FINE = BaselineLine("tanh", "dx", "float64", "numpy", 12, 15.3, 2.0, 1e-14, {"agree": 11, "kink": 1})
ZERO = replace(FINE, digits=99.0, worst_ulps=0.0)
WRONG = replace(FINE, digits=0.1, worst_ulps=1e15, verdicts={"agree": 8, "disagree": 4})


def base(*lines):
    return Baseline(BaselinePlan(), {"python": "3"}, {line.key: line for line in lines})


def found(old, *new, only=()):
    return comparison.differences(base(*old), {line.key: line for line in new}, only=only)


def test_the_file_reads_back_as_it_was_and_is_sorted(tmp_path):
    lines = [replace(FINE, rule=rule, tensor=tensor) for rule in ("tanh", "abs") for tensor in ("value", "dx")]
    never = replace(FINE, rule="odd", digits=None, worst_ulps=None, resolution=None, verdicts={"out of range": 12})
    path = tmp_path / "deep" / "gradients.txt"
    write(path, base(*lines, never))
    assert read(path) == base(*lines, never)
    rows = [row for row in path.read_text().splitlines() if not row.startswith("#")][1:]
    assert rows == sorted(rows)
    assert len(rows) == 5


@pytest.mark.parametrize("damage", ["tanh dx float64 numpy many 1 2 3 agree=1", "tanh dx", "a b c d 1 1 1 1 fine=1"])
def test_a_damaged_line_is_named(tmp_path, damage):
    path = tmp_path / "gradients.txt"
    path.write_text(base(FINE).text() + damage + "\n")
    with pytest.raises(StoreError, match="line 7 is damaged"):
        read(path)
    path.write_text("something else\n")
    with pytest.raises(StoreError, match="is no baseline"):
        read(path)
    path.write_text(base(FINE).text().replace("baseline 2:", "baseline 3:"))
    with pytest.raises(StoreError, match="format 3 came, 2 is read here"):
        read(path)


OTHER = replace(FINE, rule="relu")
TEXT = base(FINE, OTHER, replace(FINE, tensor="value")).text()


def _without(text, words):
    return "".join(row for row in text.splitlines(keepends=True) if words not in row)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty, and a baseline was expected; restore it"),
        ("\0\1\2", "holds bytes that are no text"),
        ("something else\n", "is no baseline: its first line must begin with"),
        (TEXT.replace("# rule tanh", "<<<<<<< ours\n# rule tanh"), "line 7: a merge was not finished"),
        (_without(TEXT, "# recipe"), "one line that begins with '# recipe ' .* no line came; a merge may have lost it"),
        (TEXT.replace("# recipe", "# recipe {}\n# recipe"), "2 lines came"),
        (TEXT.replace("15.3 2 1e-14", "15.3 1e9 1e-14", 1), r"line 6 \(relu.dx float64 numpy\) was changed by hand"),
        (TEXT + TEXT.splitlines()[-1] + "\n", "lines 9 and 10 are both of tanh value float64 numpy; delete one"),
    ],
)
def test_a_file_that_is_not_as_it_was_written_says_which_line_and_what_to_do(tmp_path, content, words):
    path = tmp_path / "gradients.txt"
    path.write_text(content)
    with pytest.raises(StoreError, match=words) as raised:
        read(path)
    assert "baseline save" not in str(raised.value), "to save again would lose what the file is kept for"


def test_a_line_that_was_taken_out_by_hand_fails(tmp_path):
    path = tmp_path / "gradients.txt"
    path.write_text(_without(TEXT, "tanh value"))
    (lost,) = comparison.differences(read(path), read_text(tmp_path, TEXT).lines)
    assert lost.fails
    assert lost.sentence.startswith("tanh value float64 numpy: its line is gone from the baseline")
    all_of_it = replace(read(path), plan=replace(BaselinePlan(), known=("relu", "tanh")), lines={}, counts={})
    assert all(each.fails for each in comparison.differences(all_of_it, read(path).lines))


def read_text(folder, text):
    path = folder / "other.txt"
    path.write_text(text)
    return read(path)


def test_a_file_of_the_first_format_is_read_still(tmp_path):
    rows = [row.rpartition(" ")[0] if row[0] != "#" else row for row in TEXT.splitlines() if "# rule" not in row]
    old = read_text(tmp_path, "\n".join(rows).replace("baseline 2:", "baseline 1:") + "\n")
    assert old.lines == read_text(tmp_path, TEXT).lines
    assert old.plan.known == ("relu", "tanh")


def test_a_line_sums_up_its_records():
    record = Record(
        "c", 0, "x", "tanh", "x", "numpy", "float64", "normal", (2,), 2, Verdict.AGREE, 0, 2.0**-50, 1, 0.1, 1, 1e-14,
        (0,), 1, 1,
    )  # fmt: skip
    others = [replace(record, case="d", verdict=Verdict.KINK, relative=9.0), replace(record, case="e", relative=0.0)]
    (line,) = lines_of([record, *others]).values()
    assert line.key == ("tanh", "dx", "float64", "numpy")
    assert (line.cases, line.digits, line.worst_ulps) == (3, 15.1, 4.0), "over what was judged"
    assert line.verdicts == {"agree": 2, "kink": 1}
    assert parsed(line.text()) == line


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (FINE, WRONG, "4 of 12 cases disagree, none did before"),
        (WRONG, WRONG, "4 of 12 cases disagree, 4 did before"),
        (FINE, replace(FINE, digits=9.0, worst_ulps=4.5e6), "digits lost: 15.3 became 9.0"),
        (ZERO, replace(FINE, worst_ulps=4.1), "digits lost: all became 15.3"),
        (ZERO, replace(FINE, digits=0.0, worst_ulps=1e16), "digits lost: all became none"),
        (FINE, replace(FINE, verdicts={"agree": 10, "kink": 1, "unavailable": 1}), "verdicts got worse"),
        (FINE, replace(FINE, verdicts={"agree": 10, "kink": 1, "ill-conditioned": 1}), "verdicts got worse"),
        (FINE, replace(FINE, cases=11, verdicts={"agree": 11}), "coverage lost: 12 cases were checked, 11 are now"),
    ],
)
def test_what_fails(old, new, words):
    (difference,) = found([old], new)
    assert difference.fails
    assert words in difference.sentence


@pytest.mark.parametrize(
    "new",
    [
        replace(FINE, worst_ulps=11.9, digits=14.6),
        replace(FINE, worst_ulps=1.0, digits=15.6),
        replace(FINE, verdicts={"agree": 12}),
    ],
)
def test_what_is_a_notice(new):
    (difference,) = found([FINE], new)
    assert not difference.fails


def test_zero_is_an_error_too_and_the_same_is_nothing():
    assert not found([ZERO], ZERO)
    (difference,) = found([ZERO], replace(FINE, worst_ulps=3.9))
    assert not difference.fails, "the floor is added"


def test_what_disappeared_fails_unless_it_was_not_asked_for_and_what_is_new_is_a_notice():
    other = replace(FINE, rule="relu")
    (gone,) = found([FINE, other], FINE)
    assert (gone.category, gone.fails) == ("removed", True)
    assert "coverage lost" in gone.sentence
    assert not found([FINE, other], FINE, only=("tanh",))
    (added,) = found([FINE], FINE, other)
    assert (added.category, added.fails) == ("new", False)
    (wrong,) = found([FINE], FINE, replace(WRONG, rule="relu"))
    assert wrong.fails


def test_accepting_takes_categories_and_never_a_disagreement():
    worse, fresh = replace(FINE, digits=9.0, worst_ulps=4.5e6), replace(FINE, rule="relu")
    bad = replace(WRONG, rule="abs")
    old = base(FINE, replace(FINE, rule="abs"), replace(FINE, rule="gone"))
    outcome = Outcome(base(worse, fresh, bad))
    differences = comparison.differences(old, outcome.baseline.lines)
    accepted, taken, left = acceptance.accepted(old, differences, ("new", "changed"), outcome)
    assert accepted.lines[worse.key] == worse
    assert accepted.lines[fresh.key] == fresh
    assert accepted.lines[bad.key].verdicts == FINE.verdicts, "the disagreement is not taken over"
    assert ("gone", *FINE.key[1:]) in accepted.lines
    assert {each.category for each in left} == {"changed", "removed"}
    assert any(f"- {FINE.text()}" in row for row in acceptance.shown(taken))
    assert any(f"+ {worse.text()}" in row for row in acceptance.shown(taken))


def test_removed_is_refused_after_a_partial_or_failing_run():
    whole = base(FINE)
    assert not acceptance.refusal(("removed",), Outcome(whole))
    assert not acceptance.refusal(("new",), Outcome(whole, partial=True))
    assert "partial run" in acceptance.refusal(("removed",), Outcome(whole, partial=True))
    assert "failing run" in acceptance.refusal(("removed",), Outcome(base(WRONG)))
    assert "could not be drawn" in acceptance.refusal(("removed",), Outcome(whole, {"odd": "no shape"}))
    with pytest.raises(BadInput, match="new, changed, removed"):
        acceptance.require_known(("all",))
    with pytest.raises(BadInput, match="got none"):
        acceptance.require_known(())


def test_history_appends_and_keeps_one_entry_for_a_clean_commit(tmp_path):
    path = tmp_path / "h.jsonl"
    first = history.entry([FINE, replace(FINE, tensor="dw", digits=14.0)], {"tanh forward": 1.5}, 10.0)
    assert first.digits == {"tanh float64": 14.0}
    history.append(path, replace(first, commit="a", dirty=False))
    history.append(path, replace(first, commit="a", dirty=True))
    history.append(path, replace(first, commit="b", dirty=False))
    history.append(path, replace(first, commit="b", dirty=False, date="9999"))
    assert [(each.commit, each.dirty) for each in history.read(path)] == [("a", False), ("a", True), ("b", False)]
    assert history.read(path)[-1].date == "9999"
    assert not history.merge_by_union(path)
    assert (tmp_path / ".gitattributes").read_text() == "h.jsonl merge=union\n"
    (tmp_path / ".gitattributes").write_text("*.png binary\n")
    assert "add the line 'h.jsonl merge=union'" in history.merge_by_union(path)


PAIR = """
import numpy as np
from jaxtyping import Shaped
Any = Shaped[np.ndarray, "*shape"]

def forward(x: Any) -> tuple[Any, Any]:
    return x * x * x, x

def backward(x, dy):
    return (%s,)

RULES = {"cube": (forward, backward)}
"""


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    """Run `backcheck baseline` in a folder with a rule that is written anew each time."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    def run(*arguments, rule="3 * x * x * dy"):
        (tmp_path / "cubed.py").write_text(PAIR % rule)
        sys.modules.pop("cubed", None)
        sys.dont_write_bytecode = True
        monkeypatch.setattr(sys, "argv", ["backcheck", "baseline", *map(str, arguments), "--workers", "1"])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        return ended.value.code, printed.out, printed.err

    yield run
    sys.modules.pop("cubed", None)


NAMED = ("--subject", "cubed:RULES")  # whose code is imported is said each time
SAVE = ("save", *NAMED, "--rules", "cube", "--oracles", "exact", "--cases", 4, "--dtype", "float64")


def test_a_missing_baseline_is_said_and_not_made(command, tmp_path):
    code, _, complaint = command("compare")
    assert code == errors.COULD_NOT
    assert "backcheck baseline save --file baselines/gradients.txt" in complaint
    assert command("accept", "new")[0] == errors.COULD_NOT
    assert not (tmp_path / "baselines").exists()


def test_save_compare_and_accept(command, tmp_path):
    file = tmp_path / "baselines" / "gradients.txt"
    code, printed, _ = command(*SAVE)
    assert code == errors.AGREE, printed
    before = file.read_text()
    assert "cube dx float64 numpy 4" in before
    assert len(history.read(tmp_path / "baselines" / "gradients-history.jsonl")) == 1
    assert command("compare", *NAMED)[0] == errors.AGREE

    code, printed, _ = command("compare", *NAMED, "--json", rule="3 * (x * x * dy).astype(np.float32).astype(dy.dtype)")
    assert code == errors.DISAGREE
    sentences = [each["sentence"] for each in json.loads(printed)["differences"] if each["fails"]]
    assert any("cube.dx float64" in each for each in sentences)

    code, printed, _ = command("accept", "changed", *NAMED, rule="2 * x * x * dy")
    assert code == errors.DISAGREE
    assert "not accepted (changed): cube.dx float64 numpy" in printed
    assert not [line for line in read(file).lines.values() if line.count(Verdict.DISAGREE)]
    code, _, complaint = command("accept", "removed", *NAMED, rule="2 * x * x * dy")
    assert code == errors.USAGE
    assert "after a failing run" in complaint


def test_another_environment_warns_and_may_fail(command, tmp_path):
    command(*SAVE)
    file = tmp_path / "baselines" / "gradients.txt"
    file.write_text(file.read_text().replace("# environment numpy: ", "# environment numpy: 0."))
    code, printed, _ = command("compare", *NAMED)
    assert code == errors.AGREE
    assert "warning: another environment" in printed
    assert "numpy: 0." in printed
    assert command("compare", *NAMED, "--strict-env")[0] == errors.COULD_NOT
