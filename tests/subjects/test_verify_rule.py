"""verify_rule: what it takes and refuses, conventions over many draws, and what its outcome says."""

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis.extra import numpy as hnp
from jaxtyping import Shaped

import backcheck
from backcheck import Axis, BadInput, Verification, verify_rule
from backcheck_reports.record import Verdict
from tests.subjects.hidden import Dense, Embedding, GlobalMean, Softmax


def multiply(x, y):
    return x * y, (x, y)


def multiply_backward(saved, dy):
    return dy * saved[1], dy * saved[0]


def square(x):
    return x * x, x


def annotated(x: Shaped[np.ndarray, "n d"], w: Shaped[np.ndarray, "d m"]):
    return x @ w, (x, w)


def wholly_annotated(x: Shaped[np.ndarray, "n d"], w: Shaped[np.ndarray, "d m"]) -> tuple[Any, Any]:
    return annotated(x, w)


def taken(table, index):
    return table[index], (table, index)


def taken_backward(saved, dy):
    grad = np.zeros_like(saved[0])
    np.add.at(grad, saved[1], dy)
    return grad, None


def total(x, *, axis=0, keepdims=False):
    return x.sum(axis, keepdims=keepdims), (x.shape, axis, keepdims)


def total_backward(saved, dy):
    shape, axis, kept = saved
    return (np.broadcast_to(dy if kept else np.expand_dims(dy, axis), shape),)


MULTIPLY, SQUARE = (multiply, multiply_backward), (square, lambda x, dy: (2 * x * dy,))
WEIGHTED = (annotated, lambda saved, dy: (dy @ saved[1].T, saved[0].T @ dy))
MASKED = (lambda x, on: (np.where(on, x, 0), on), lambda on, dy: (dy * on, None))
LOG = (lambda x: (np.log(x), x), lambda x, dy: (dy / x,))
SWAPPED = (lambda x: (x * x, x), lambda dout, cache: (2 * cache * dout,))
ARRAY = hnp.arrays(float, (2, 3), elements=st.floats(-3, 3))
RIGHT = {
    "axes": (MULTIPLY, ("n d", "n d"), None),
    "names to axes": (MULTIPLY, {"y": "n", "x": "n"}, None),
    "a scalar": (SQUARE, "", None),
    "any axes": (SQUARE, None, None),
    "annotations": (WEIGHTED, None, None),
    "annotations of the result too": ((wholly_annotated, WEIGHTED[1]), None, None),
    "a fixed size and a star": (MULTIPLY, ("*batch 3", "3"), None),
    "indices": ((taken, taken_backward), ("words d", "n <words"), None),
    "booleans": (MASKED, ("n d", "n d ?"), None),
    "above zero": (LOG, "n d >0", None),
    "a strategy": (SQUARE, ARRAY, None),
    "a strategy of several": (MULTIPLY, st.tuples(ARRAY, ARRAY), None),
    "several strategies": (MULTIPLY, (ARRAY, ARRAY), None),
    "a strategy of masks": (MASKED, (ARRAY, hnp.arrays(bool, (2, 3))), None),
    "options": ((total, total_backward), "n d", {"axis": [0, 1, (0, 1)], "keepdims": st.booleans()}),
    "dout before cache": (SWAPPED, "n", None),
    "a layer": (Dense, "n d", {"inputs": Axis("d"), "outputs": 2}),
    "a layer by strategy": (Dense, ARRAY, {"inputs": 3, "outputs": [1, 2]}),
}
# broadcasting is for the backward to undo, and this one does not
RIGHT["a fixed size and a star"] = (
    (multiply, lambda s, dy: (dy * s[1], (dy * s[0]).reshape(-1, 3).sum(0))),
    *RIGHT["a fixed size and a star"][1:],
)


@pytest.mark.parametrize("what", RIGHT)
def test_what_is_described_is_drawn(what):
    found = verify_rule(*RIGHT[what], draws=25)
    assert found, found.explain()
    assert found.cases >= 15


def test_a_function_that_makes_the_layer():
    def made(words, *, width=2):
        return Embedding(words, width)

    found = verify_rule(made, "n <words", {"words": Axis("words"), "width": [1, 2]}, kind="layer", draws=25)
    assert found, found.explain()


def test_every_dtype_that_is_asked_for_is_drawn():
    found = verify_rule(SQUARE, "n d", draws=40, dtypes=("float64", "float32", "float16", "bfloat16"))
    assert found, found.explain()
    assert {record.dtype for record in found.records} == {"float64", "float32", "float16", "bfloat16"}


def test_booleans_are_booleans():
    seen = set()

    def watched(x, on):
        seen.add(on.dtype.kind)
        return np.log(x) * on, (x, on)

    assert verify_rule((watched, lambda s, dy: (dy * s[1] / s[0], None)), ("n >0", "n ?"), draws=20)
    assert seen == {"b"}


def test_mirrors_are_asked():
    found = verify_rule(SQUARE, "n", draws=10, torch=lambda x: x * x, jax=lambda x: x * x)
    assert {"torch", "jax"} <= {record.party for record in found.records}
    other = verify_rule(SQUARE, "n", draws=10, torch=lambda x: x * x + x)
    assert (other.verdict, other.failure.finding.argument) == (Verdict.DISAGREE, "output")


class Refuses:
    def __init__(self, inputs):
        raise TypeError("inputs must be odd")

    def forward(self, x):
        return x

    def backward(self, dout):
        return dout


REFUSED = {
    "'n-d' for x: 'n-d' is no axis": (SQUARE, "n-d"),
    "'<' is no axis": (SQUARE, "n <"),
    "one *name may stand": (SQUARE, "*a *b"),
    "2 are described, and square takes x": (SQUARE, ("n", "n")),
    "1 are described, and multiply takes x, y": (MULTIPLY, "n"),
    "x, z are described, and multiply takes x, y": (MULTIPLY, {"x": "n", "z": "n"}),
    "a line for each array": (SQUARE, 3),
    "must be described by its axes": (SQUARE, (3,)),
    "which arrays does multiply(x, y) take?": (MULTIPLY,),
    "1 are described, and multiply": (MULTIPLY, ARRAY),
    "has to draw arrays of numbers": (SQUARE, st.text()),
    "which is no array": (SQUARE, st.just(([[1.0], [1.0, 2.0]],))),
    "x is not finite everywhere": (SQUARE, hnp.arrays(float, 2, elements=st.just(np.nan))),
    "no array has an axis 'q'; the axes are n, d": (Dense, "n d", {"inputs": Axis("q"), "outputs": 2}),
    "unexpected keyword argument 'axes'": ((total, total_backward), "n d", {"axes": [0]}),
    "nothing to choose from for 'axis'": ((total, total_backward), "n d", {"axis": []}),
    "at least one array of floating-point numbers": (SQUARE, "n <3"),
    "cannot reshape array": ((lambda x: (x.reshape(7, 11), x), SQUARE[1]), "n d"),
    "must return (y, saved)": ((lambda x: x * x, SQUARE[1]), "n d"),
    "two different values for the same arrays": (
        (lambda x: (x * np.random.default_rng().random(), x), SQUARE[1]),
        "n d",
    ),
    "Dense(inputs=": (Dense, "n d", {"inputs": Axis("d")}),
    "inputs must be odd": (Refuses, "n d", {"inputs": Axis("d")}),
    "made already, a GlobalMean": (GlobalMean(), "n h w"),
    "For a function say which it is": (lambda x: x, "n d"),
}


@pytest.mark.parametrize("said", REFUSED)
def test_what_cannot_be_checked_is_refused_in_a_sentence(said):
    with pytest.raises(BadInput) as error:
        verify_rule(*REFUSED[said], draws=10)
    assert said in str(error.value)


def test_other_arguments_are_refused_too():
    for said, options in {
        "kind must be one of pair, layer, torch, jax": {"kind": "numpy"},
        "draws must be 1 or more": {"draws": 0},
        "float16, bfloat16, float32, float64; got float8": {"dtypes": ("float8",)},
    }.items():
        with pytest.raises(BadInput, match=said):
            verify_rule(SQUARE, "n d", **options)
    with pytest.raises(BadInput, match="which has no backward"):
        verify_rule(type("NoBackward", (), {"forward": lambda self, x: x}), "n d", kind="layer", draws=5)


def test_a_backward_that_raises_for_some_shapes_is_a_failure():
    found = verify_rule((square, lambda x, dy: (2 * x * dy if len(x) != 2 else 1 / 0,)), "n d", draws=60)
    assert found.verdict is Verdict.DISAGREE
    assert found.failure.checked.problem.arrays["x"].shape == (2, 1)
    assert "ZeroDivisionError" in found.explain()


class Divided:
    """A dense layer whose gradients are all divided by one number."""

    def __init__(self, inputs, outputs):
        self.W, self.b = np.random.randn(inputs, outputs), np.zeros(outputs)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        n = self.by(dout)
        self.dW, self.db = self.x.T @ dout / n, dout.sum(axis=0) / n
        return dout @ self.W.T / n


class ByBatch(Divided):
    def by(self, dout):
        return len(dout)


class ByEither(Divided):
    """By the batch, or by the width where there are three outputs."""

    def by(self, dout):
        return len(dout) if dout.shape[1] != 3 else self.x.shape[1]


class BySome(Divided):
    """By the batch, but not where there are three outputs."""

    def by(self, dout):
        return len(dout) if dout.shape[1] != 3 else 1


DENSE = ("n d", {"inputs": Axis("d"), "outputs": [1, 2, 3]})


@pytest.mark.parametrize("seed", range(3))
def test_one_factor_in_all_draws_is_a_convention(seed):
    found = verify_rule(ByBatch, *DENSE, draws=40, seed=seed)
    assert found.verdict is Verdict.CONVENTION, found.explain()
    assert found
    assert found.notes[-1].endswith("each gradient is the derivative x 1 / the input's size along axis 0")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("layer", [ByEither, BySome])
def test_a_factor_that_is_not_the_same_in_all_draws_is_a_fault(layer, seed):
    found = verify_rule(layer, *DENSE, draws=80, seed=seed)
    assert found.verdict is Verdict.DISAGREE
    assert found.failure.verdict is Verdict.DISAGREE
    assert not found


def test_what_a_failure_says():
    found = verify_rule(ByEither, *DENSE, draws=80)
    assert not found
    assert "in the draws before, each gradient was" in str(found) or "is no convention" in str(found)
    explained = found.explain()
    assert explained.startswith(str(found).splitlines()[0])
    assert explained.endswith(found.failure.explain())
    assert "print(backcheck.check_layer(ByEither(inputs=" in explained
    assert found.failure.name in found._repr_html_()
    with pytest.raises(AssertionError, match="DISAGREE"):
        found.assert_ok()


def test_what_agreement_says():
    found = verify_rule(Softmax, "n d", {"axis": [0, 1]}, draws=30)
    found.assert_ok()
    assert isinstance(found, Verification)
    lines = str(found).splitlines()
    assert lines[0] == "AGREE  Softmax"
    assert lines[1].startswith(f"  {found.cases} cases drawn; the gradients: ")
    assert found.explain() == str(found) == repr(found)
    assert "Softmax" in found._repr_html_()
    assert found.failure is None


def test_counts_and_records_are_of_the_draws():
    found = verify_rule(MULTIPLY, ("n d", "n d"), draws=30)
    mine = [record for record in found.records if record.party == "numpy" and record.tensor != "output"]
    assert len(mine) == sum(found.counts.values()) == 2 * found.cases
    assert {verdict: [record.verdict for record in mine].count(verdict) for verdict in found.counts} == found.counts
    assert {record.network for record in found.records} == set(range(found.cases))


def test_draws_that_it_does_not_take_are_left_out_and_counted():
    def even(x):
        if len(x) % 2:
            raise ValueError("an even number of rows, please")
        return x * x, x

    found = verify_rule((even, SQUARE[1]), "n d", draws=30)
    assert found
    assert any("draws were not taken by" in note and "an even number of rows" in note for note in found.notes)


def test_nothing_that_could_be_judged_is_no_agreement():
    found = verify_rule(SQUARE, "0 d", draws=10)
    assert found.verdict is Verdict.VACUOUS
    assert not found


@pytest.mark.parametrize("rule", [Softmax, ByEither, ByBatch])
def test_the_same_seed_the_same_outcome(rule):
    config = {"axis": [0, 1]} if rule is Softmax else DENSE[1]
    first, second = (verify_rule(rule, "n d", config, draws=20, seed=5) for _ in range(2))
    assert str(first) == str(second)
    assert [(r.case, r.verdict) for r in first.records] == [(r.case, r.verdict) for r in second.records]
    assert first.failure is None or first.failure.id == second.failure.id
    third = verify_rule(rule, "n d", config, draws=20, seed=6)
    assert {r.case for r in third.records} != {r.case for r in first.records}


def test_the_seed_of_the_session_holds_where_none_is_given():
    assert backcheck.verify_rule(SQUARE, "n", draws=5).records == verify_rule(SQUARE, "n", draws=5, seed=0).records


def repeated(x, size):
    return np.repeat(x, size, axis=0), (len(x), size)


def repeated_backward(saved, dy):
    rows, size = saved
    return dy.reshape(rows, size, *dy.shape[1:]).sum(1)


@pytest.mark.parametrize("arrays", ["n d", ("n d",), {"x": "n d"}, ARRAY, None])
def test_an_option_may_be_an_argument_by_position(arrays):
    rule = repeated, repeated_backward
    assert verify_rule(rule, arrays, {"size": [1, 2]}, draws=6).verdict is Verdict.AGREE
    wrong = verify_rule((repeated, lambda saved, dy: dy[: saved[0]]), arrays, {"size": [2]}, draws=6)
    assert wrong.verdict is Verdict.DISAGREE


DTYPES = {
    "float32": ("torch.float32", "np.float32", "jnp.float32", "'float32'"),
    "float16": ("torch.half", "np.dtype('float16')", "jnp.float16", "['float16']"),
    "bfloat16": ("torch.bfloat16", "jnp.bfloat16", "'bfloat16'", "(torch.bfloat16,)"),
}


@pytest.mark.parametrize(("name", "written"), [(name, each) for name, texts in DTYPES.items() for each in texts])
def test_dtypes_are_taken_in_everybodys_terms(name, written):
    import jax.numpy as jnp
    import torch

    dtype = eval(written, {"torch": torch, "jnp": jnp, "np": np})
    found = verify_rule(SQUARE, "n", draws=3, dtypes=dtype)
    assert {record.dtype for record in found.records} == {name}
    if not isinstance(dtype, tuple | list):
        assert backcheck.check_vjp(*SQUARE, [1.0, 2.0], dtype=dtype).checked.problem.dtype == name


@pytest.mark.parametrize("dtype", ["int64", "torch.int8"])
def test_other_dtypes_are_refused(dtype):
    import torch

    asked = torch.int8 if dtype == "torch.int8" else dtype
    with pytest.raises(BadInput):
        backcheck.check_vjp(*SQUARE, [1.0], dtype=asked)
    with pytest.raises(BadInput):
        verify_rule(SQUARE, "n", draws=2, dtypes=asked)


def test_a_failure_is_printed_in_short_form():
    found = verify_rule((square, lambda x, dy: 3 * x * dy), "n d", draws=10)
    said = str(found)
    assert all(len(line) <= 80 for line in said.splitlines())
    assert "the smallest case that fails: square(x[" in said
    assert "got " in said
    assert "explain() has the script" in said
    summary = said[: said.index("  the smallest case that fails")]
    assert found.explain() == f"{summary}\n{found.failure.explain()}"  # the case is told once


class Doubled:
    """Its methods call the object s."""

    def forward(s, x):
        return 2 * x

    def backward(s, dy):
        return 2 * dy


def test_the_object_may_be_called_anything():
    assert verify_rule(Doubled, "n d", draws=10).verdict is Verdict.AGREE
