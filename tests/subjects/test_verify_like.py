"""verify_like: somebody's version of a known rule is drawn as ours is, alone and inside networks, with our mirrors."""

import contextlib
import importlib
import io

import numpy as np
import pytest

import backcheck
from backcheck.problem import pose
from backcheck.strategies.catalogue import signature_of
from backcheck.subjects.fuzz import like_question, verify_like
from backcheck.subjects.result.script import script
from backcheck.subjects.user_code import of_pair
from backcheck.verdicts.parties import ORACLES
from backcheck_reports.record import Verdict
from scratch_bp.network import ArraySpec, Network, Node
from scratch_bp.rules import RULES


def layer_norm(x, gamma, beta, *, eps=1e-5):
    centred = x - x.mean(-1, keepdims=True)
    inv = 1 / np.sqrt((centred * centred).mean(-1, keepdims=True) + eps)
    return centred * inv * gamma + beta, (centred * inv, inv, gamma)


def layer_norm_backward(saved, dy):
    xhat, inv, gamma = saved
    d, lead = dy * gamma, tuple(range(dy.ndim - 1))
    dx = inv * (d - d.mean(-1, keepdims=True) - xhat * (d * xhat).mean(-1, keepdims=True))
    return dx, (dy * xhat).sum(lead), dy.sum(lead)


def eps_outside(x, gamma, beta, *, eps=1e-5):
    centred = x - x.mean(-1, keepdims=True)
    inv = 1 / (np.sqrt((centred * centred).mean(-1, keepdims=True)) + eps)
    return centred * inv * gamma + beta, (centred * inv, inv, gamma)


def without_bias(saved, dy):
    dx, dgamma, dbeta = layer_norm_backward(saved, dy)
    return dx, dgamma, np.zeros_like(dbeta)


def softmax(x):
    exps = np.exp(x - x.max(-1, keepdims=True))
    y = exps / exps.sum(-1, keepdims=True)
    return y, y


def softmax_backward(y, dy):
    return (y * (dy - (dy * y).sum(-1, keepdims=True)),)


def tanh(x):
    y = np.tanh(x)
    return y, y


def gelu_by_tanh(x):
    c = np.sqrt(2 / np.pi)
    t = np.tanh(c * (x + 0.044715 * x**3))
    return 0.5 * x * (1 + t), (x, t)


def gelu_by_tanh_backward(saved, dy):
    x, t = saved
    slope = np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * x**2)
    return (dy * 0.5 * (1 + t + x * (1 - t**2) * slope),)


RIGHT = {
    "layer_norm": (layer_norm, layer_norm_backward),
    "softmax": (softmax, softmax_backward),
    "tanh": (tanh, lambda y, dy: (dy * (1 - y * y),)),
    "relu": (lambda x: (np.maximum(x, 0), x > 0), lambda on, dy: (dy * on,)),
}
WRONG = {
    # another function, and not that one's derivative either: which shows first depends on the draw
    "the eps outside the root": ("layer_norm", eps_outside, layer_norm_backward, "output or x"),
    "no gradient of the bias": ("layer_norm", layer_norm, without_bias, "beta"),
    "dy taken for ones": ("tanh", tanh, lambda y, dy: (1 - y * y,), "x"),
    "the diagonal of the Jacobian": ("softmax", softmax, lambda y, dy: (dy * y * (1 - y),), "x"),
    "another function": ("gelu", gelu_by_tanh, gelu_by_tanh_backward, "output"),
}


@pytest.mark.parametrize("name", ["layer_norm", "softmax", "tanh", "relu"])
def test_a_right_version_passes(name):
    found = backcheck.verify_like(name, *RIGHT[name], draws=40)
    assert found, found.explain()
    assert found.verdict is Verdict.AGREE
    assert {"torch", "jax", "exact", "differences"} <= {record.party for record in found.records}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_version_is_found_and_named(what):
    name, forward, backward, argument = WRONG[what]
    # JAX compiles anew for each size: it is asked of the function that costs it least
    asked = ORACLES if name == "tanh" else [each for each in ORACLES if each != "jax"]
    found = backcheck.verify_like(name, forward, backward, draws=100, oracles=tuple(asked))
    assert found.verdict is Verdict.DISAGREE
    assert found.failure.finding.argument in argument.split(" or ")
    assert len(found.failure.checked.problem.network.nodes) == 1, "the rule alone shows it, and is what is shown"


def test_half_of_the_draws_are_networks(monkeypatch):
    sizes = []
    blamed = like_question._blamed

    def watched(checked, name, oracles):
        sizes.append(len(checked.problem.network.nodes))
        assert any(node.rule == name for node in checked.problem.network.nodes)
        return blamed(checked, name, oracles)

    monkeypatch.setattr(like_question, "_blamed", watched)
    assert backcheck.verify_like("tanh", *RIGHT["tanh"], draws=60, oracles=("exact",))
    alone = sizes.count(1)
    assert alone > 15
    assert len(sizes) - alone > 15


def test_only_the_options_that_it_has_are_drawn():
    drawn = set()

    def softmax_of(x, *, dim=-1):
        drawn.add(dim)
        exps = np.exp(x - x.max(dim, keepdims=True))
        y = exps / exps.sum(dim, keepdims=True)
        return y, (y, dim)

    def pulled(saved, dy):
        y, dim = saved
        return (y * (dy - (dy * y).sum(dim, keepdims=True)),)

    assert backcheck.verify_like("softmax", softmax_of, pulled, draws=40, oracles=("exact",))
    assert drawn > {-1, 0}
    assert backcheck.verify_like("softmax", softmax, softmax_backward, draws=20, oracles=("exact",))


CACHE = {}


def tanh_with_one_place(x):
    CACHE["y"] = np.tanh(x)
    return CACHE["y"], None


def test_a_rule_that_is_right_alone_only(monkeypatch):
    """One place for what is saved: the second use in a network writes over the first."""
    monkeypatch.setattr(verify_like, "NEIGHBOURS", ("add", "tanh"))
    backward = lambda _, dy: (dy * (1 - CACHE["y"] ** 2),)  # noqa: E731
    found = backcheck.verify_like("tanh", tanh_with_one_place, backward, draws=100)
    assert found.verdict is Verdict.DISAGREE
    network = found.failure.checked.problem.network
    assert sum(node.rule == "tanh" for node in network.nodes) == 2
    assert "one use spoils what another has kept" in found.explain()
    assert "Case.from_json" in found.failure.reproducer


def test_the_script_of_a_network_runs(monkeypatch, tmp_path):
    """Also for a backward that takes the cotangent first, which the engine is given in the usual order."""
    (tmp_path / "one_place.py").write_text(
        "import numpy as np\n"
        "CACHE = {}\n"
        "def forward(x):\n    CACHE['y'] = np.tanh(x)\n    return CACHE['y'], None\n"
        "def backward(dout, cache):\n    return (dout * (1 - CACHE['y'] ** 2),)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(verify_like, "NEIGHBOURS", ("add", "tanh"))
    own = importlib.import_module("one_place")
    found = backcheck.verify_like("tanh", own.forward, own.backward, draws=100)
    assert type(found.failure) is like_question.Within, found
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(found.failure.reproducer, {})
    assert "every node is right on its own" in printed.getvalue()


def test_the_script_gives_an_array_twice_that_is_read_twice():
    network = Network({"x": ArraySpec((2,))}, (Node("y", "multiply", ("x", "x")),), "y")
    code = of_pair(lambda a, b: (a * b, (a, b)), lambda saved, dy: (dy * saved[1], dy * saved[0]))
    seen = []
    lines = script(code, pose(network, {"x": np.array([2.0, 3.0])}, np.ones(2))).replace(code.call, "seen(")
    exec(lines, {"seen": lambda *arrays, cotangent: seen.extend(arrays)})
    assert np.array_equal(seen, [[2, 3], [2, 3]])


@pytest.mark.parametrize("name", ["cross_entropy", "conv2d"])
@pytest.mark.parametrize(("factor", "verdict"), [(1, Verdict.AGREE), (2, Verdict.DISAGREE)])
def test_options_that_a_version_leaves_out_keep_the_defaults_of_the_rule(name, factor, verdict):
    """What is drawn for a rule may depend on any of its options: on ignore_index, or on the number of groups."""

    def forward(x, other):
        return RULES[name].forward(x, other)

    def backward(saved, dy):
        dx, *others = RULES[name].backward(saved, dy)
        return factor * dx, others[0]

    found = backcheck.verify_like(name, forward, backward, draws=12)
    assert found.verdict is verdict, found


def test_what_does_not_fit_is_refused_in_a_sentence():
    with pytest.raises(backcheck.BadInput, match="unknown rule 'layernorm', did you mean layer_norm"):
        backcheck.verify_like("layernorm", layer_norm, layer_norm_backward)
    with pytest.raises(backcheck.BadInput, match=r"dense takes the arrays x, w, b, in this order; .* takes x"):
        backcheck.verify_like("dense", softmax, softmax_backward)
    with pytest.raises(backcheck.BadInput, match="takes none of the arrays that tanh takes"):
        backcheck.verify_like("tanh", lambda x: (_ for _ in ()).throw(ValueError("no")), softmax_backward, draws=20)


def test_the_same_seed_the_same_outcome():
    first, second = (backcheck.verify_like("tanh", tanh, WRONG["dy taken for ones"][2], draws=30) for _ in range(2))
    assert first.failure.id == second.failure.id
    assert [record.case for record in first.records] == [record.case for record in second.records]


SEVERAL = ("batch_norm_with_statistics", "gru", "lstm", "lstm_cell", "rnn", "split")


@pytest.mark.parametrize(
    "name", [each if each == "split" else pytest.param(each, marks=pytest.mark.slow) for each in SEVERAL]
)
def test_rules_of_several_outputs_are_taken(name):
    assert all(signature_of(each).several is (each in SEVERAL) for each in RULES), "a new one belongs in the list"
    own = RULES[name]
    found = backcheck.verify_like(name, own.forward, own.backward, draws=6, oracles=("exact",))
    assert found.verdict is Verdict.AGREE, found.explain()

    def doubled(saved, dy):
        first, *others = own.backward(saved, dy)
        return (2 * first, *others)

    wrong = backcheck.verify_like(name, own.forward, doubled, draws=20, oracles=("exact",))
    assert wrong.verdict is Verdict.DISAGREE
    assert wrong.failure.finding.argument in ("x", "x1"), "arguments keep their names"
    assert "2 x want" in str(wrong)


def test_too_few_outputs_are_refused_in_a_sentence():
    def hidden_alone(x, h, c, w_ih, w_hh):
        (hidden, _), saved = RULES["lstm_cell"].forward(x, h, c, w_ih, w_hh)
        return hidden, saved

    with pytest.raises(backcheck.BadInput, match="lstm_cell has 2 outputs; forward returns 1"):
        backcheck.verify_like("lstm_cell", hidden_alone, RULES["lstm_cell"].backward, draws=4)
