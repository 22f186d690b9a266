"""The lines of a subject that no network of a run has reached, over all workers and after an interruption."""

import json
import sys

import pytest

from backcheck.campaign import lines_reached
from backcheck.campaign.recipe import Recipe
from backcheck.campaign.shard import run_shard
from backcheck.subjects.lines.never_run import CodeReached
from backcheck_reports import StoreError

SUBJECT = "tests.campaign.branchy_rules:RULES"
BIG = "if y.size > 10**6"


@pytest.fixture(autouse=True)
def _untraced():
    if sys.gettrace() is not None:
        pytest.skip("another tool traces this process")


def recipe_of(networks, **more):
    return Recipe(networks, rules=("tanh",), oracles=("differences",), subject=SUBJECT, **more)


def conditions(found):
    return [each.condition for each in found.never]


def test_a_shard_keeps_what_it_reached_and_the_run_says_what_none_did(tmp_path):
    recipe = recipe_of(3)
    run_shard(recipe, 0, tmp_path)
    found = lines_reached.of_folder(tmp_path, recipe)
    assert conditions(found) == [BIG, "def _in_parts"]  # and nothing of relu, which is not drawn
    (file,) = {each.file.rpartition("/")[2] for each in found.never}
    assert file == "branchy_rules.py"


def test_what_one_shard_reached_is_reached(tmp_path):
    recipe = recipe_of(3)
    run_shard(recipe, 0, tmp_path)
    before = lines_reached.of_folder(tmp_path, recipe)
    path = tmp_path / "lines-0000.json"
    kept = json.loads(path.read_text())
    (name,) = kept["files"]
    start = next(each.first for each in before.never if each.condition == BIG)
    kept["files"][name].append([start - 1, start])
    path.write_text(json.dumps(kept))
    assert BIG not in conditions(lines_reached.of_folder(tmp_path, recipe))


def test_a_shard_that_is_run_again_keeps_what_it_had_reached(tmp_path):
    recipe = recipe_of(2)
    run_shard(recipe, 0, tmp_path)
    first = (tmp_path / "lines-0000.json").read_text()
    run_shard(recipe, 0, tmp_path)
    assert (tmp_path / "lines-0000.json").read_text() == first


def test_without_a_subject_or_without_coverage_nothing_is_kept(tmp_path):
    for recipe in (Recipe(1, rules=("tanh",), oracles=("differences",)), recipe_of(1, coverage=False)):
        run_shard(recipe, 0, tmp_path)
        assert not list(tmp_path.glob("lines-*"))
        assert lines_reached.of_folder(tmp_path, recipe) == CodeReached()


def test_a_damaged_file_is_said(tmp_path):
    recipe = recipe_of(1)
    run_shard(recipe, 0, tmp_path)
    (tmp_path / "lines-0000.json").write_text('{"files": 3}')
    with pytest.raises(StoreError, match="its shard counts its lines anew"):
        lines_reached.of_folder(tmp_path, recipe)


def test_where_lines_cannot_be_counted_the_run_says_why(tmp_path):
    recipe = recipe_of(1)
    sys.settrace(lambda *_: None)
    try:
        run_shard(recipe, 0, tmp_path)
    finally:
        sys.settrace(None)
    assert "another tool traces" in lines_reached.of_folder(tmp_path, recipe).lines[0]
