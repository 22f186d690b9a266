"""The named architectures: verified by every oracle, in both dtypes; every gradient that is not zero says something."""

from collections import Counter

import pytest

from backcheck.campaign.recipe import Recipe, draw
from backcheck.errors import BadInput
from backcheck.problem import SUBJECT
from backcheck.verdicts.cases import check_case
from backcheck_reports.record import Verdict
from scratch_bp.network import Network
from scratch_bp.rules import RULES
from scratch_bp.zoo import ZOO

EVERY = pytest.mark.parametrize("name", ZOO)
RECIPE = Recipe(networks=2 * len(ZOO), seed=1, zoo=True)
SAID = (
    (Verdict.AGREE, Verdict.KINK, Verdict.ILL_CONDITIONED),
    (Verdict.AGREE, Verdict.KINK, Verdict.ILL_CONDITIONED, Verdict.OUT_OF_RANGE),
)
# a number added to all channels of a patch is taken off again by both norms that come after it
ZERO = {"mlp_mixer_layer": {"tokens2_b"}}


def checked(name: str, turn: int, oracles: tuple[str, ...]):
    case = draw(RECIPE, list(ZOO).index(name) + turn * len(ZOO), RULES)
    assert case.network == ZOO[name]()
    assert case.dtype == ("float64", "float32")[turn]
    return check_case(case, RULES, oracles)


@EVERY
@pytest.mark.parametrize("turn", [0, 1], ids=["float64", "float32"])
def test_pytorch_differences_and_exact_arithmetic_agree(name, turn):
    pytest.importorskip("torch")
    found = checked(name, turn, ("torch", "differences", "exact"))
    assert not found.disagreements
    gradients = {key.name: found.measures[key, SUBJECT].verdict for key in found.problem.gradients}
    zero = ZERO.get(name, set())
    assert {tensor for tensor, verdict in gradients.items() if verdict not in SAID[turn]} == zero
    assert {gradients[tensor] for tensor in zero} <= {Verdict.VACUOUS}
    # where rounding adds up over the layers, float32 is judged node by node instead
    alone = [m.verdict for (tensor, party), m in found.measures.items() if party == SUBJECT and tensor not in gradients]
    agree = Counter(alone if Verdict.ILL_CONDITIONED in gradients.values() else gradients.values())[Verdict.AGREE]
    assert agree > 0.8 * len(gradients), gradients
    others = {found.measures[key, "exact"].verdict for key in found.problem.gradients if key.name not in zero}
    assert others <= {Verdict.AGREE, Verdict.KINK}


@EVERY
def test_jax_agrees(name):
    pytest.importorskip("jax")
    found = checked(name, 0, ("jax", "exact"))
    assert not found.disagreements
    assert not [m.reason for (_, party), m in found.measures.items() if m.verdict is Verdict.UNAVAILABLE]


@EVERY
def test_every_array_of_floats_has_a_gradient(name):
    network: Network = ZOO[name]()
    read = {each for node in network.nodes for each in node.reads}
    assert set(network.arrays) <= read
    assert len(network.nodes) >= 4


def test_a_wrong_rule_shows_in_a_whole_architecture():
    rule = RULES["layer_norm"]

    def a_little_too_large(saved, dy):
        dx, *rest = rule.backward(saved, dy)
        return dx + dx / 2**20, *rest

    table = {**RULES, "layer_norm": rule._replace(backward=a_little_too_large)}
    case = draw(RECIPE, list(ZOO).index("gpt_block"), RULES)
    assert check_case(case, table, ("exact",)).disagreements


def test_the_zoo_takes_no_rules():
    with pytest.raises(BadInput, match="takes no --rules"):
        Recipe(zoo=True, rules=("relu",))
