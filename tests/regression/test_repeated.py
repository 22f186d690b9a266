"""Deep runs, `-m slow`: refactorings that change nothing, over and over, on whatever machine this is."""

import pytest

from backcheck.regression import comparing, sides
from backcheck.regression.drawing import Plan
from backcheck.regression.pairing import Kind
from tests.regression.modifications import PURE, tree

REPETITIONS = 50


@pytest.mark.slow
def test_a_pure_refactoring_is_never_flagged(tmp_path):
    """Nor in its times: what the two sides run is the same arithmetic in other words."""
    old, new = tree(tmp_path / "old"), tree(tmp_path / "new", *PURE)
    rules = tuple(each.rule for each in PURE)
    flagged, said = [], dict[str, int]()
    with sides.opened(str(old)) as before, sides.opened(str(new)) as after:
        for number in range(REPETITIONS):
            found = comparing.run(comparing.Task(before, after, Plan(networks=0, seed=number, rules=rules)))
            assert {row.kind for row in found.rows} == {Kind.SAME}
            flagged += [(number, finding.sentence) for finding in found.findings]
            for each in found.speeds:
                said[each.verdict] = said.get(each.verdict, 0) + 1
    print(f"{REPETITIONS} repetitions of {len(rules)} rules: {said}; flagged: {flagged}")
    assert not flagged
