"""A function of random numbers is judged for the very numbers that it drew; a backward that draws anew is found."""

import random

import numpy as np
import pytest

from backcheck import BadInput, check_jax, check_layer, check_torch, check_vjp, verify_rule
from backcheck.keys import gradient
from backcheck.subjects.pairs.generators import Generators, generators_of
from backcheck.subjects.result.chance import FAULT
from backcheck_reports.record import Verdict
from tests.subjects.random_code import HELD, OBJECTS, PAIRS, Drawn, X, masked


def is_found(check):
    assert check.verdict is Verdict.DISAGREE, check
    assert check.note.lines[0] == FAULT
    return True


@pytest.mark.parametrize("name", PAIRS)
def test_a_pair_that_keeps_what_it_drew_agrees_and_one_that_draws_anew_does_not(name):
    case = PAIRS[name]
    right = check_vjp(case.forward, case.right, *case.arrays)
    assert right.verdict is Verdict.AGREE, right
    assert "starts at the same state" in right.notes[0]
    assert is_found(check_vjp(case.forward, case.wrong, *case.arrays))


@pytest.mark.parametrize("name", OBJECTS)
def test_so_it_is_with_objects(name):
    right, wrong = OBJECTS[name]
    check = check_layer(right, X)
    assert check.verdict is Verdict.AGREE, check
    assert is_found(check_layer(wrong, X))


@pytest.mark.parametrize("name", OBJECTS)
def test_so_it_is_in_draws(name):
    arrays = "n 4" if name == "noise on weights" else "n d"
    right, wrong = OBJECTS[name]
    drawn = verify_rule(right, arrays, draws=8)
    assert drawn.verdict is Verdict.AGREE, drawn.explain()
    assert is_found(verify_rule(wrong, arrays, draws=8).failure)


def test_draws_of_a_pair_show_it_too():
    case = PAIRS["reparametrisation"]
    assert verify_rule((case.forward, case.right), ("n d", "n d"), draws=8)
    assert is_found(verify_rule((case.forward, case.wrong), ("n d", "n d"), draws=8).failure)


@pytest.mark.parametrize("x", [1.0, [1.0], [2.0, -1.0]], ids=str)
def test_a_mask_of_few_entries_that_comes_out_the_same_hides_nothing(x):
    case = PAIRS["dropout, NumPy's global generator"]
    assert is_found(check_vjp(case.forward, case.wrong, x))


def test_a_backward_that_draws_the_same_numbers_again_is_right():
    def forward(x):
        state = np.random.get_state()
        return x * (np.random.rand(*x.shape) > 0.5), state

    def backward(state, dy):
        np.random.set_state(state)
        return dy * (np.random.rand(*dy.shape) > 0.5)

    assert check_vjp(forward, backward, X).verdict is Verdict.AGREE


def test_a_generator_that_forward_makes_and_saves_goes_on_in_backward():
    def forward(x):
        rng = np.random.default_rng(0)
        return x * rng.random(x.shape), rng

    assert is_found(check_vjp(forward, lambda rng, dy: dy * rng.random(dy.shape), X))


def test_generators_are_found_wherever_the_code_holds_them():
    rng = np.random.default_rng(5)

    def closure(shape):
        return rng.random(shape) > 0.5

    def default(shape, own=np.random.default_rng(6)):  # noqa: B008
        return own.random(shape) > 0.5

    class Holder:
        own = random.Random(7)

        def __call__(self, shape):
            return np.array([self.own.random() > 0.5 for _ in range(int(np.prod(shape)))]).reshape(shape)

    for mask in (closure, default, Holder()):
        case = masked(mask)
        assert check_vjp(case.forward, case.right, X).verdict is Verdict.AGREE
        assert is_found(check_vjp(case.forward, case.wrong, X))


def test_the_users_own_numbers_go_on_as_if_nothing_had_been_drawn():
    np.random.seed(11)
    random.seed(11)
    before = np.random.get_state()[1].copy(), random.getstate(), HELD.bit_generator.state
    for case in PAIRS.values():
        check_vjp(case.forward, case.right, *case.arrays)
    for right, _ in OBJECTS.values():
        assert not [note for note in check_layer(right(), X).notes if "depends on" in note]
    assert np.array_equal(before[0], np.random.get_state()[1])
    assert (random.getstate(), HELD.bit_generator.state) == before[1:]


def test_what_nobody_can_repeat_is_refused():
    def forward(x):
        return x * np.random.default_rng().random(x.shape), x

    with pytest.raises(BadInput, match=r"two different values .* without a seed"):
        check_vjp(forward, lambda x, dy: dy, X)


def test_a_mirror_with_other_random_numbers_is_another_function():
    torch = pytest.importorskip("torch")
    case = PAIRS["dropout, NumPy's global generator"]
    check = check_vjp(case.forward, case.right, X, torch=torch.nn.functional.dropout)
    assert check.verdict is Verdict.AGREE, check
    assert any("it draws other random numbers" in note for note in check.notes), check


def of_torch():
    torch = pytest.importorskip("torch")
    own = torch.Generator().manual_seed(4)

    def function(draw):
        class Kept(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                mask = draw(x)
                ctx.save_for_backward(mask)
                return x * mask

            @staticmethod
            def backward(ctx, dy):
                return dy * ctx.saved_tensors[0]

        class Anew(Kept):
            @staticmethod
            def backward(ctx, dy):
                return dy * draw(dy)

        return Drawn(None, Kept, Anew)

    return {
        "rand_like": function(lambda x: (torch.rand_like(x) > 0.5).to(x.dtype) * 2),
        "dropout": function(lambda x: torch.nn.functional.dropout(torch.ones_like(x), 0.5, True)),
        "a Generator": function(lambda x: (torch.rand(x.shape, generator=own, dtype=x.dtype) > 0.5).to(x.dtype)),
        "NumPy's": function(lambda x: torch.tensor(np.random.rand(*x.shape) > 0.5).to(x.dtype)),
    }


@pytest.mark.parametrize("name", ["rand_like", "dropout", "a Generator", "NumPy's"])
def test_pytorch_functions(name):
    case = of_torch()[name]
    for dtype in ("float64", "float32"):
        check = check_torch(case.right, X, dtype=dtype)
        assert check.verdict is Verdict.AGREE, check
        if name != "NumPy's":  # NumPy's numbers come into PyTorch from outside
            assert check.measures[gradient("x"), "exact"].verdict is Verdict.AGREE, check
    assert is_found(check_torch(case.wrong, X))


def test_pytorch_functions_in_draws():
    case = of_torch()["rand_like"]
    assert verify_rule(case.right, "n d", draws=3)
    assert is_found(verify_rule(case.wrong, "n d", draws=3).failure)


def test_keys_of_jax_are_arrays():
    jax = pytest.importorskip("jax")

    def mask(key, x):
        return jax.random.bernoulli(key, 0.5, x.shape)

    def pair(backward):
        @jax.custom_vjp
        def dropout(x, key):
            return x * mask(key, x)

        dropout.defvjp(lambda x, key: (x * mask(key, x), key), backward)
        return dropout

    right = pair(lambda key, dy: (dy * mask(key, dy), None))
    wrong = pair(lambda key, dy: (dy * mask(jax.random.split(key)[0], dy), None))
    x = X.astype(np.float32)
    for key in (jax.random.PRNGKey(0), jax.random.key(0)):
        assert check_jax(right, x, key).verdict is Verdict.AGREE
    assert check_jax(wrong, x, jax.random.PRNGKey(0)).verdict is Verdict.DISAGREE


def test_code_without_chance_is_called_as_it_is():
    found = generators_of(lambda x: x)
    with found.at(found.start):
        mark = found.read()
        assert not found.drawn_since(mark)
        np.random.rand()
        assert found.drawn_since(mark).names == "NumPy's global generator"


def test_where_nothing_is_drawn_no_state_is_set(monkeypatch):
    """To set them all takes as long as all else that the first calls do."""
    monkeypatch.setattr(Generators, "_write", lambda *_: pytest.fail("a state is set"))
    assert check_vjp(lambda x: (x * x, x), lambda x, dy: (2 * x * dy,), X)


def test_code_that_is_refused_leaves_the_states_of_the_generators_as_they_were():
    def forward(x):
        raise ValueError(f"{np.random.rand()}")

    def said():
        with pytest.raises(BadInput) as raised:
            check_vjp(forward, lambda saved, dy: (dy,), X)
        return str(raised.value)

    before = np.random.get_state()
    assert said() == said(), "it draws the same numbers each time"
    assert all(map(np.array_equal, np.random.get_state(), before))
