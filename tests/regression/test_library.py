"""Modifications of a small library of somebody's own: of each the category, the sentence and the exit code."""

import pytest

from backcheck.commands.compare import exit_code
from backcheck.regression.difference.expectations import Expected
from tests.regression.library_edits import EDITS, GREEN, RED
from tests.regression.small_library import FILES, NAMES, compared, edited

# what costs more than two seconds: the truth of a wrong rule on long rows, or a table compared as a whole
LONG = {"a factor for long rows", "a factor for long batches", "a factor for many entries", "another sign"}
LONG |= {"a new rule", "half a square without its half", "a term left out", "a gradient of another shape"}
LONG |= {"a wrong backward, mended", "a gradient that is missing", "a division in place of a product"}


def _marked(edit):
    return pytest.param(edit, id=edit.name, marks=[pytest.mark.slow] if edit.name in LONG else [])


@pytest.mark.parametrize("edit", [_marked(edit) for edit in EDITS])
def test_each_modification_is_said_rightly(tmp_path, edit):
    rules = () if edit.rule not in NAMES else (edit.rule,)
    found = compared(tmp_path, edited(edit.before), edited(edit.edits), rules)
    about = [each for each in found.findings if each.rule == edit.rule]
    assert exit_code(found) == edit.code, [each.sentence for each in found.findings]
    assert {each.rule for each in found.findings} <= {edit.rule}, "no other rule is mentioned"
    if edit.category is None:
        assert not about
        return
    (first, *_) = [each for each in about if each.category == edit.category] or [None]
    assert first is not None, about
    assert first.fails is (edit.code != GREEN)
    for word in edit.words:
        assert word in first.sentence


def test_there_are_forty_and_more():
    assert len(EDITS) >= 40
    assert len({edit.name for edit in EDITS}) == len(EDITS)
    assert {edit.category for edit in EDITS} >= {None, "rounding", "disagreement", "digits", "function", "not compared"}


def test_identical_is_asked_for_and_last_places_fail(tmp_path):
    (edit,) = [edit for edit in EDITS if edit.name == "a factor taken out"]
    found = compared(tmp_path, FILES, edited(edit.edits), (edit.rule,), Expected("identical"))
    assert exit_code(found) == RED


def test_what_was_wrong_and_is_as_it_was_fails_nowhere(tmp_path):
    (edit,) = [edit for edit in EDITS if edit.name == "a write into dy"]
    wrong = edited(edit.edits)
    found = compared(tmp_path, wrong, wrong, (edit.rule,), Expected("identical"))
    assert exit_code(found) == GREEN
    assert [each.category for each in found.findings] == ["as before"]


def test_a_rule_of_which_nothing_can_be_drawn_is_not_compared(tmp_path):
    refusing = edited([("layers/affine.py", "    y = x @ w + b", '    raise ValueError("not today")')])
    found = compared(tmp_path, refusing, refusing, ("affine", "swish"))
    assert exit_code(found) == 3
    (said,) = [each for each in found.findings if each.category == "not compared"]
    assert "affine was not compared: nothing can be drawn of it: no shapes were found" in said.sentence
    assert '"arrays"' in said.sentence, "what to do"
