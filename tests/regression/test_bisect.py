"""The commit that changed a rule is found by halves."""

import subprocess

import pytest

from backcheck.errors import BadInput
from backcheck.regression import bisection
from backcheck.regression.sides.draws import ComparisonPlan

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


@pytest.mark.parametrize("number", [1, 2, 3, 8, 49])
def test_every_place_is_found_in_few_steps(number):
    revisions = [f"r{at}" for at in range(number)]
    for bad in range(number):
        place, tried = bisection.first_changed(revisions, lambda name, bad=bad: int(name[1:]) >= bad)
        assert place == bad
        assert tried <= number.bit_length() + 1
    assert bisection.first_changed(revisions, lambda name: False) == (None, 1)
    assert bisection.first_changed([], lambda name: True) == (None, 0)


def test_the_commit_is_named_with_what_it_changed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def git(*arguments):
        who = ("-c", "user.name=me", "-c", "user.email=me@example.org")
        subprocess.run(["git", *who, *arguments], check=True, capture_output=True)

    git("init", "-q")
    for number, grad in enumerate(("3 * x * x * dy", "dy * 3 * x * x", "dy * 2 * x * x", "2 * dy * x * x")):
        (tmp_path / "cubes.py").write_text(PAIR % grad)
        git("add", ".")
        git("commit", "-qm", f"Step {number}")
    plan = ComparisonPlan(0, rules=("cube",), dtypes=("float64",), seen=3)
    found = bisection.find_change("HEAD~2", plan, "cubes:RULES")
    assert found.title.endswith("Step 2")
    said = "\n".join(bisection.lines(found, plan.rules))
    assert "cube.dx disagrees and did not before" in said
    with pytest.raises(BadInput, match="--rules"):
        bisection.find_change("HEAD~2", ComparisonPlan(), None)
    with pytest.raises(BadInput, match="no git revision"):
        bisection.find_change("no-such-thing", plan, None)
