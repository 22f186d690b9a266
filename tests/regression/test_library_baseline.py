"""A baseline of a small library of somebody's own: its rules and no others, and what became of them."""

import sys

import pytest

from backcheck import errors
from backcheck.regression.baseline.file import read
from tests.regression.small_library import FILES, NAMES, edited, write

TWO = edited([("rules.py", f'    "{name}": ({name}.forward, {name}.backward),\n', "") for name in NAMES[2:]])
SUBJECT = ("--subject", "mill.rules:RULES", "--workers", 1)
FEW = ("--cases", 3, "--dtype", "float64", "--oracles", "exact")


@pytest.fixture
def baseline(command, tmp_path, monkeypatch):
    """Run `backcheck baseline` beside the library, which is written anew each time."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def forget():
        for name in [name for name in sys.modules if name.partition(".")[0] == "mill"]:
            del sys.modules[name]

    def run(files, *arguments):
        write(tmp_path, files)
        forget()
        return command("baseline", *arguments)

    yield run
    forget()


@pytest.mark.slow
def test_a_table_of_ones_own_is_saved_as_it_is_and_a_rule_that_is_gone_is_a_finding(baseline, tmp_path):
    code, printed, complaint = baseline(TWO, "save", *SUBJECT, *FEW)
    file = tmp_path / "baselines" / "gradients.txt"
    assert code == errors.AGREE, (printed, complaint)
    assert {key[0] for key in read(file).lines} == {"affine", "softmax"}, "that table's rules, and none of ours"
    assert read(file).plan.known == ("affine", "softmax")
    code, printed, _ = baseline(TWO, "compare", *SUBJECT)
    assert code == errors.AGREE, printed

    # softmax is a rule of ours too, which never stands in for one that is gone
    one = {**TWO, "rules.py": TWO["rules.py"].replace('    "softmax": (softmax.forward, softmax.backward),\n', "")}
    code, printed, _ = baseline(one, "compare", *SUBJECT)
    assert code == errors.DISAGREE
    assert "softmax.dx float64 numpy: coverage lost" in printed
    code, printed, _ = baseline(one, "accept", "removed", *SUBJECT)
    assert code == errors.AGREE, printed
    assert {key[0] for key in read(file).lines} == {"affine"}
    assert read(file).plan.known == ("affine",)

    # what the table has besides is new, which fails only where that is asked for
    code, printed, _ = baseline(TWO, "compare", *SUBJECT)
    assert code == errors.AGREE
    assert "softmax.dx float64 numpy: new" in printed
    assert baseline(TWO, "compare", *SUBJECT, "--fail-new")[0] == errors.DISAGREE


def test_a_rule_that_raises_does_not_end_the_others_and_nothing_of_a_wrong_one_is_taken_over(baseline, tmp_path):
    file = tmp_path / "baselines" / "gradients.txt"
    assert baseline(TWO, "save", *SUBJECT, *FEW)[0] == errors.AGREE
    before = read(file)
    raises = edited([("layers/softmax.py", "    p, axis = saved", '    raise SystemExit("no")')], TWO)
    code, printed, _ = baseline(raises, "compare", *SUBJECT)
    assert code == errors.DISAGREE
    assert "softmax.dx" in printed
    assert "affine" not in printed.replace("baselines", "")

    wrong = edited([("layers/affine.py", "db = sum_over_rows(dy, shape)", "db = 2 * sum_over_rows(dy, shape)")], TWO)
    wrong = edited([("layers/affine.py", "dw = x.T @ dy", "dw = (x.T @ dy) * (1 + 2.0**-40)")], wrong)
    code, printed, _ = baseline(wrong, "accept", "changed,new", *SUBJECT)
    assert code == errors.DISAGREE
    assert read(file).lines == before.lines, "neither of db, which is wrong, nor of dw, which was measured beside it"


def test_damage_is_said_before_anything_runs(baseline, tmp_path):
    file = tmp_path / "baselines" / "gradients.txt"
    file.parent.mkdir()
    file.write_text("")
    code, _, complaint = baseline(FILES, "compare", *SUBJECT)
    assert code == errors.USAGE
    assert "is empty" in complaint
    assert "git checkout --" in complaint


def test_an_empty_revision_is_wrong_use(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, complaint = command("compare", "--against", "", "--subject", "mill.rules:RULES")
    assert code == errors.USAGE
    assert "a name is expected; got ''" in complaint
