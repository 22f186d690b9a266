"""A small library of somebody's own, changed at random: what is the same is never red, what is wrong always, and of a
random history the right commit is found."""

import random
import re

import pytest

from backcheck import verify_rule
from backcheck.commands.compare import exit_code
from backcheck.edits.engine import edits_of
from backcheck.edits.numeric import NUMERIC_OPERATORS
from backcheck.regression import bisection
from backcheck.regression.difference.expectations import Expected
from backcheck.regression.sides.draws import ComparisonPlan
from backcheck.session import Asked, asking
from backcheck_reports.record import FAULTS
from tests.regression.library_edits import EDITS, SOFTMAX
from tests.regression.small_library import FILES, NAMES, commit, compared, edited, git, imported, repository

PAIRS, MUTANTS, HISTORIES = 50, 30, 4
# promises that are broken, to be put on both sides
BROKEN = ("a write into dy", "a second backward that differs", "a warning")
REFACTORINGS = [edit for edit in EDITS if edit.category is None and edit.rule in NAMES]


def file_of(rule):
    return f"layers/{rule}.py"


def renamed(text, chance):
    """Local names of the backward in other words."""
    for name in chance.sample(["dx", "dw", "db", "inner", "slope", "dhat", "along", "small", "each", "hat"], 4):
        if re.search(rf"\b{name} = ", text) and f"{name}=" not in text and f"def forward({name}" not in text:
            text = re.sub(rf"\b{name}\b(?!=)", f"{name}_{chance.choice('abc')}", text)
    return text


def reformatted(text, chance):
    """Comments, blank lines and a docstring."""
    rows = text.split("\n")
    for at in sorted(chance.sample(range(len(rows)), 3), reverse=True):
        if rows[at].startswith("    ") and not rows[at].strip().startswith((")", "]")):
            rows.insert(at, chance.choice(["", "    # as it was", "    pass"]))
    return "\n".join(rows)


def reordered(text, chance):
    """The backward before the forward."""
    head, forward, backward = re.split(r"\n\n\n(?=def )", text, maxsplit=2)
    return "\n\n\n".join([head, backward.rstrip("\n"), forward.rstrip("\n")]) + "\n"


def moved(files, rule):
    """The layer in a folder of its own."""
    text = files[file_of(rule)].replace("from ..helpers", "from ...helpers")
    table = files["rules.py"].replace("from .layers import ", f"from .layers.more import {rule}\nfrom .layers import ")
    table = re.sub(rf"(import .*?)\b{rule}, |(import .*), {rule}\b$", r"\1\2", table, count=0, flags=re.M)
    return {**files, f"layers/more/{rule}.py": text, "layers/more/__init__.py": "", "rules.py": table}


def refactored(files, rule, chance):
    made = dict(files)
    for change in chance.sample([renamed, reformatted, reordered], chance.randint(1, 3)):
        made[file_of(rule)] = change(made[file_of(rule)], chance)
    return moved(made, rule) if chance.random() < 0.3 else made


def pair(number):
    """Two versions that are the same in other words, and the rule that is compared."""
    chance = random.Random(number)
    rule, files = chance.choice(NAMES), FILES
    broken = [edit for edit in EDITS if edit.name in BROKEN and edit.rule == rule]
    if broken and chance.random() < 0.5:
        files = edited(broken[0].edits)
    return files, refactored(files, rule, chance), rule


def _pure(tmp_path, number):
    old, new, rule = pair(number)
    found = compared(tmp_path, old, new, (rule,), Expected("identical"), seed=number, dtypes=("float64",))
    assert exit_code(found) == 0, (number, rule, [each.sentence for each in found.findings])
    assert {each.category for each in found.findings} <= {"as before"}


@pytest.mark.parametrize("number", range(4))
def test_what_is_the_same_in_other_words_is_never_mentioned(tmp_path, number):
    _pure(tmp_path, number)


@pytest.mark.slow
def test_fifty_pairs_of_the_same_are_never_mentioned(tmp_path):
    for number in range(PAIRS):
        _pure(tmp_path, number)


def mutants():
    """Edits of the backward of every layer, drawn: (rule, files, what it looks like)."""
    found = []
    for rule in NAMES:
        source = FILES[file_of(rule)]
        line = source[: source.index("def backward")].count("\n") + 1
        found += [(rule, edit) for edit in edits_of(source, {line}, NUMERIC_OPERATORS)]
    for rule, edit in random.Random(1).sample(found, MUTANTS):
        yield rule, {**FILES, file_of(rule): edit.text}, edit.lines


@pytest.mark.slow
def test_what_verify_rule_calls_wrong_is_red(tmp_path):
    lines = {"affine": ("n d", "d k", "k"), "row_norm": ("n d", "d", "d")}
    told = {"red": 0, "green": 0}
    for rule, files, said in mutants():
        with asking(Asked(shrinks=False, coverage=False)):
            wrong = verify_rule(
                imported(tmp_path, files)[rule],
                lines.get(rule, "*any" if rule != "huber" else ("*any", "*any")),
                draws=60,
            )
        code = exit_code(compared(tmp_path, FILES, files, (rule,), dtypes=("float64",)))
        told["red" if code else "green"] += 1
        if wrong.verdict in FAULTS:
            assert code == 1, (rule, said)
    print(told)
    assert told["red"] > 20


@pytest.mark.slow
@pytest.mark.parametrize("number", range(HISTORIES))
def test_of_a_random_history_the_right_commit_is_found(tmp_path, monkeypatch, number):
    """Sixteen commits with refactorings before and after the one that is wrong."""
    chance = random.Random(number)
    rule, files, said = chance.choice(list(mutants()))
    wrong_at, place = chance.randrange(2, 15), repository(tmp_path / "repository")
    start = git(place, "rev-parse", "HEAD")
    others = [edit for edit in REFACTORINGS if edit.rule != rule]
    for step in range(16):
        now = files if step >= wrong_at else FILES
        now = {**now, file_of(rule): reformatted(now[file_of(rule)], random.Random(step))}
        for edit in others[: step % (len(others) + 1)]:
            try:
                now = edited(edit.edits, now)
            except AssertionError:  # two of them change the same line
                continue
        commit(place, now, f"Step {step}")
    monkeypatch.chdir(place)

    def run(task):
        versions = [
            {
                path.relative_to(side.root / "mill").as_posix(): path.read_text()
                for path in (side.root / "mill").rglob("*.py")
            }
            for side in (task.old, task.new)
        ]
        return compared(tmp_path, *versions, task.plan.rules, task.expected, dtypes=("float64",))

    monkeypatch.setattr(bisection.comparison, "run", run)
    found = bisection.find_change(start, ComparisonPlan(0, rules=(rule,)), Expected(), "mill.rules:RULES")
    if found.sought is not None:  # a mutant that is as good as the original changes nothing
        assert found.title.endswith(f"Step {wrong_at}"), (rule, said)


def test_a_mutant_is_red_and_its_original_is_not(tmp_path):
    text = FILES[SOFTMAX].replace("return (p * (dy - inner),)", "return (p * (dy + inner),)")
    assert exit_code(compared(tmp_path, FILES, {**FILES, SOFTMAX: text}, ("softmax",), dtypes=("float64",))) == 1
