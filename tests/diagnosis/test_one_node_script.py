"""The script of a failure of one node: the rule's two functions, called once."""

import re

import numpy as np

from backcheck.diagnosis.note import tell
from backcheck.strategies.case import Case
from scratch_bp.network import ArraySpec, Network, Node
from scratch_bp.rules import RULES
from tests.campaign.three_wrong_rules import WRONG

NETWORK = Network(
    {"x": ArraySpec((4, 3)), "w": ArraySpec((3, 2)), "b": ArraySpec((2,))}, (Node("y", "dense", ("x", "w", "b")),), "y"
)
SUBJECT = "tests.campaign.three_wrong_rules:WRONG"


def case_of(x):
    arrays = {"x": x, "w": np.arange(6.0).reshape(3, 2), "b": np.ones(2)}
    return Case.of(NETWORK, arrays, np.ones((4, 2)), "float64")


def test_it_is_short_and_says_what_comes_out_and_what_should(capsys):
    case = case_of(np.full((4, 3), 0.25))
    note = tell(case, {**RULES, **WRONG}, subject=SUBJECT, out="some run")
    assert note.again.endswith("--subject tests.campaign.three_wrong_rules:WRONG --out 'some run'")
    lines = note.reproducer.splitlines()
    assert "forward, backward = load('tests.campaign.three_wrong_rules:WRONG')['dense']" in lines
    assert "np.full((4, 3), 0.25, dtype='float64')," in note.reproducer
    assert len(lines) <= 12
    exec(note.reproducer, {})
    assert re.search(r"got 1 at \[[01]\], want 4", capsys.readouterr().out)


def test_of_a_network_of_several_nodes_it_is_the_network():
    nodes = (*NETWORK.nodes, Node("z", "tanh", ("y",)))
    arrays, _ = case_of(np.ones((4, 3))).make()
    case = Case.of(Network(NETWORK.arrays, nodes, "z"), arrays, np.ones((4, 2)), "float64")
    note = tell(case, {**RULES, **WRONG}, subject=SUBJECT)
    assert "Network.from_json" in note.reproducer
    assert (note.rule, note.tensor, note.party) == ("dense", "b", "numpy")
