"""Checks of kernels beside a reference: what they take, what they find, and what they refuse."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import backcheck  # noqa: E402
from backcheck.errors import BadInput  # noqa: E402
from backcheck.subjects.pairs.framework_callables import whole_function  # noqa: E402
from tests.subjects.kernels.corpus.entry import fused  # noqa: E402


def drawn(*shapes, dtype=torch.bfloat16, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return tuple((torch.randn(shape, generator=generator) * 2 + 0.5).to(dtype) for shape in shapes)


def scaled(x, w):
    """The reference: a product by columns."""
    return torch.tanh(x) * w


def forward(x, w):
    return (torch.tanh(x.float()) * w.float()).to(x.dtype), (x, w)


def backward(saved, dy):
    x, w = saved
    t, dy = torch.tanh(x.float()), dy.float()
    return (dy * w.float() * (1 - t * t)).to(x.dtype), (dy * t).sum(0).to(w.dtype)


KERNEL = fused(forward, backward)


def verdicts(found):
    return {each.name: str(each.verdict) for each in found.tensors}


def test_values_and_all_gradients_are_judged_and_the_model_is_said():
    found = backcheck.check_torch(KERNEL, *drawn((17, 33), (33,)), reference=scaled)
    assert found
    assert verdicts(found) == {"output": "agree", "dx": "agree", "dw": "agree"}
    assert str(found).count("float32 inside (") == 3
    assert all(0 < each.fraction <= 1 for each in found.tensors)
    assert [each.argument for each in found.records] == ["value", "x", "w"]


def test_the_names_are_those_of_the_reference_where_the_kernel_takes_any_number():
    assert "dx" in verdicts(backcheck.check_torch(lambda *ts: KERNEL(*ts), *drawn((3, 4), (4,)), reference=scaled))


def test_dtypes_of_one_kernel_may_differ():
    x, w = drawn((9, 5), (5,))
    found = backcheck.check_torch(KERNEL, x, w.float(), reference=scaled)
    assert found
    assert found.tensors[2].resolution < 1e-5  # of a gradient in float32


def test_an_option_an_integer_and_a_boolean_are_handed_on():
    def kernel(x, rows, keep, power=1):
        return torch.where(keep, x.float()[rows] ** power, 0.0).to(x.dtype)

    def reference(x, rows, keep, power=1):
        return torch.where(keep, x[rows] ** power, torch.zeros((), dtype=x.dtype))

    (x,) = drawn((6, 4))
    rows, keep = torch.tensor([3, 3, 0]), torch.tensor([True, False, True, True])
    found = backcheck.check_torch(kernel, x, rows, keep, reference=reference, config={"power": 3})
    assert verdicts(found) == {"output": "agree", "dx": "agree"}


def test_several_outputs_and_one_of_integers():
    def kernel(x):
        return x.float().amax(-1).to(x.dtype), x.argmax(-1), x.float().sum(-1).to(x.dtype)

    def reference(x):
        return x.amax(-1), x.argmax(-1), x.sum(-1)

    found = backcheck.check_torch(kernel, *drawn((8, 16)), reference=reference)
    assert verdicts(found) == {"output 0": "agree", "output 1": "agree", "output 2": "agree", "dx": "agree"}


def test_a_part_of_the_gradients_forward_only_and_backward_only():
    x, w = drawn((7, 5), (5,))
    part = fused(forward, lambda saved, dy: (backward(saved, dy)[0], None))
    assert not backcheck.check_torch(part, x, w, reference=scaled)
    for said in ({"wrt": "x"}, {"wrt": ["x"]}, {"fixed": "w"}):
        assert set(verdicts(backcheck.check_torch(part, x, w, reference=scaled, **said))) == {"output", "dx"}
    with pytest.raises(BadInput, match="'v' is no array of floating-point numbers here; there are x, w"):
        backcheck.check_torch(part, x, w, reference=scaled, wrt="v")
    assert set(verdicts(backcheck.check_torch(KERNEL, x, w, reference=scaled, wrt=()))) == {"output"}

    def grads(x, w, dy):
        t = np.tanh(x.astype(np.float32))
        dx = dy.astype(np.float32) * w * (1 - t * t)
        return dx.astype(x.dtype), (dy.astype(np.float32) * t).sum(0).astype(w.dtype)

    given = [tensor.float().numpy() for tensor in (x, w)]
    found = backcheck.check_vjp(None, grads, *given, reference=scaled, config={})
    assert verdicts(found) == {"dx": "agree", "dw": "agree"}
    found = backcheck.check_vjp(lambda x, w: np.tanh(x) * w, None, *given, reference=scaled)
    assert verdicts(found) == {"output": "agree"}


def test_a_kernel_that_writes_into_a_buffer():
    def kernel(x, *, out):
        out.copy_(torch.exp(x.float()))

    def half(x, *, out):
        out[: len(x) // 2] = torch.exp(x[: len(x) // 2].float())

    (x,) = drawn((6, 5))
    assert backcheck.check_torch(kernel, x, reference=torch.exp, out="out")
    found = backcheck.check_torch(half, x, reference=torch.exp, out="out")
    assert not found
    assert "never written" in str(found)


def test_pairs_of_numpy_functions_in_bfloat16():
    import ml_dtypes

    def numpy_forward(x, w):
        return (np.tanh(x.astype(np.float32)) * w.astype(np.float32)).astype(x.dtype), (x, w)

    def numpy_backward(saved, dy):
        x, w = saved
        t, dy = np.tanh(x.astype(np.float32)), dy.astype(np.float32)
        return (dy * w.astype(np.float32) * (1 - t * t)).astype(x.dtype), (dy * t).sum(0).astype(w.dtype)

    rng = np.random.default_rng(0)
    given = rng.standard_normal((9, 6)).astype(ml_dtypes.bfloat16), rng.standard_normal(6).astype(ml_dtypes.bfloat16)
    assert backcheck.check_vjp(numpy_forward, numpy_backward, *given, reference=lambda x, w: np.tanh(x) * w)


def test_an_object_with_state():
    class Scale:
        def __init__(self):
            self.w, self.dw = np.linspace(0.5, 2, 4).astype(np.float32), None

        def forward(self, x):
            self.x = x
            return x * self.w

        def backward(self, dy):
            self.dw = (dy * self.x).sum(0)
            return dy * self.w

    x = np.random.default_rng(0).standard_normal((5, 4)).astype(np.float32)
    found = backcheck.check_layer(Scale, x, reference=lambda x, w: x * w)
    assert verdicts(found) == {"output": "agree", "dx": "agree", "dw": "agree"}


def test_a_function_of_jax():
    jax = pytest.importorskip("jax")
    import jax.numpy as jnp

    @jax.custom_vjp
    def square(x):
        return x * x

    square.defvjp(lambda x: (x * x, x), lambda x, dy: (2 * x * dy,))
    x = np.random.default_rng(0).standard_normal((3, 4)).astype(np.float32)
    assert backcheck.check_jax(square, x, reference=lambda x: jnp.square(x))
    square.defvjp(lambda x: (x * x, x), lambda x, dy: (3 * x * dy,))
    found = backcheck.check_jax(square, x, reference=lambda x: jnp.square(x))
    assert "dx: every entry is off by a factor 3/2" in str(found)


def test_a_finer_promise_is_checked_and_a_coarser_one_is_kept():
    (x,) = drawn((64, 33), dtype=torch.float32)

    def low(x):
        return x.bfloat16().float() * 3

    assert str(backcheck.check_torch(low, x, reference=lambda x: 3 * x).verdict) == "imprecise"
    found = backcheck.check_torch(low, x, reference=lambda x: 3 * x, inside=("float32", "bfloat16"))
    assert str(found.verdict) == "agree"
    double = drawn((5, 7), dtype=torch.float64)
    found = backcheck.check_torch(lambda x: torch.exp(x.float()).double(), *double, reference=torch.exp)
    assert str(found.verdict) == "imprecise"
    assert "float32 inside" in str(found)
    assert backcheck.check_torch(torch.exp, *double, reference=torch.exp)


def test_a_tolerance_that_would_take_anything_is_no_agreement():
    """Of two sums that cancel altogether float32 leaves nothing: zeros would pass as well."""
    x = torch.tensor([2.0**30, 1.0, -(2.0**30)], dtype=torch.float32)
    found = backcheck.check_torch(lambda x: x.sum(), x, reference=lambda x: x.sum(), wrt=())
    assert not found
    assert str(found.verdict) == "vacuous"
    assert "the tolerance would accept zeros" in str(found)


def test_a_number_beyond_what_the_model_holds_is_not_judged():
    x = torch.full((4,), 1e30, dtype=torch.bfloat16)
    found = backcheck.check_torch(lambda x: torch.sqrt(x * x), x, reference=lambda x: torch.sqrt(x * x), wrt=())
    assert str(found.verdict) == "ill-conditioned"
    assert "beyond what the model holds" in found.tensors[0].reason


def test_a_cotangent_of_ones_hides_a_softmax_and_the_drawn_one_does_not():
    def lazy(saved, dy):
        (y,) = saved
        return (y.float() * dy.float() - y.float() * y.float()).to(y.dtype)

    def softmax(x):
        y = torch.softmax(x.float(), -1).to(x.dtype)
        return y, (y,)

    found = backcheck.check_torch(fused(softmax, lazy), *drawn((4, 9)), reference=lambda x: torch.softmax(x, -1))
    assert str(found.verdict) == "disagree"


def test_a_kernel_that_is_not_deterministic_is_said_to_be_and_may_agree():
    state = [0]

    def kernel(x):
        state[0] += 1
        order = torch.arange(x.shape[0]) if state[0] % 2 else torch.arange(x.shape[0]).flip(0)
        total = torch.zeros(x.shape[1])
        for row in x[order].float():
            total = total + row
        return total

    found = backcheck.check_torch(kernel, *drawn((200, 7), dtype=torch.float32), reference=lambda x: x.sum(0), wrt=())
    assert found
    assert "not deterministic" in str(found)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"reference": lambda x: x[:, :2]}, r"returns 1 output of \[3, 4\], and its reference 1 output of \[3, 2\]"),
        ({"reference": lambda x: (x, x)}, r"returns 1 output of \[3, 4\], and its reference 2 outputs"),
        ({"reference": lambda x: 3}, r"1 output of \[3, 4\], and its reference 1 output of \[\]"),
        ({"reference": lambda x, y: x}, r"is called as the kernel is, with x\[3, 4\], and raises TypeError"),
        ({"reference": lambda x: x > 0}, "numbers of the same kinds, floats or integers"),
        ({"reference": 3}, "reference must be a function; got int"),
        ({"reference": torch.exp, "inside": "float64"}, "finer than a kernel of bfloat16 can promise"),
        ({"reference": torch.exp, "order": 2}, "order= goes with code that is judged by itself"),
        ({"reference": torch.exp, "meant": lambda x: x}, "meant= goes with code that is judged by itself"),
        ({"inside": "float32"}, "inside= is for a kernel beside its reference; say reference= too"),
        ({"wrt": "x"}, "wrt= is for a kernel beside its reference"),
        ({"fast": True}, "fast= is for a kernel beside its reference"),
        ({"reference": torch.exp, "cotangent": torch.ones(3)}, r"cotangent= has the shapes of what the kernel returns"),
    ],
)
def test_wrong_use_is_one_sentence(given, says):
    def kernel(x):
        return torch.exp(x)

    with pytest.raises(BadInput, match=says):
        backcheck.check_torch(kernel, *drawn((3, 4)), **given)


def test_a_reference_that_does_not_differentiate_is_said_to_be_none():
    with pytest.raises(BadInput, match="does not depend on x in a way that PyTorch can differentiate"):
        backcheck.check_torch(torch.exp, *drawn((3, 4)), reference=lambda x: torch.exp(x.detach()))


def test_what_the_engine_does_not_know_is_unavailable():
    found = backcheck.check_torch(torch.special.i1e, *drawn((3, 4)), reference=torch.special.i1e, wrt=())
    assert str(found.verdict) == "unavailable"
    assert "has no form on balls" in str(found)


def test_a_kernel_that_raises():
    def broken(x):
        raise RuntimeError("no such tile")

    with pytest.raises(BadInput, match="forward raises RuntimeError: no such tile"):
        backcheck.check_torch(broken, *drawn((3, 4)), reference=torch.exp)

    def later(saved, dy):
        raise RuntimeError("no such tile")

    found = backcheck.check_torch(fused(lambda x: (torch.exp(x), (x,)), later), *drawn((3, 4)), reference=torch.exp)
    assert str(found.verdict) == "disagree"
    assert "backward raises RuntimeError: no such tile" in str(found)


def test_the_script_asks_the_same_question_again():
    wrong = fused(forward, lambda saved, dy: tuple(2 * each for each in backward(saved, dy)))
    found = backcheck.check_torch(wrong, *drawn((2, 3), (3,)), reference=scaled)
    shown = []
    exec(found.reproducer.replace("print(", "show("), {"Fused": whole_function(wrong), "show": shown.append})
    assert shown[0].id == found.id
    assert verdicts(shown[0]) == verdicts(found)


def test_whole_numbers_make_a_product_right_to_the_bit():
    """Of 700 terms float32 may lose a whole one in its worst case, and not where all partial sums are whole numbers."""
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randint(-40, 40, shape, generator=generator).float() for shape in ((9, 700), (700, 5)))
    a[:, -1], b[-1] = 1.0, 1.0

    def last_is_dropped(a, b):
        return a[:, :-1] @ b[:-1]

    found = backcheck.check_torch(last_is_dropped, a, b, reference=torch.matmul, wrt=())
    assert str(found.verdict) == "disagree"
    assert found.tensors[0].allowed < 1
    assert backcheck.check_torch(torch.matmul, a, b, reference=torch.matmul, cotangent=torch.ones(9, 5))
    halves = backcheck.check_torch(last_is_dropped, a * 1.1, b, reference=torch.matmul, wrt=())
    assert halves.tensors[0].allowed > 1  # the same fault hides in what is rounded


@pytest.mark.parametrize("shape", [(9, 700), (3, 5, 7)])
def test_whole_numbers_are_added_without_rounding(shape):
    x = torch.randint(-9, 9, shape, generator=torch.Generator().manual_seed(0)).float()

    def kernel(x):
        return x.sum(-1), x.cumsum(-1), x.double().mean((0, -1)).float()

    found = backcheck.check_torch(kernel, x, reference=lambda x: (x.sum(-1), x.cumsum(-1), x.mean((0, -1))), wrt=())
    assert found
    assert max(each.allowed for each in found.tensors[:2]) < 2.0**-10


def test_integers_are_compared_and_equal_entries_leave_a_choice():
    def kernel(x, last=False):
        found = x.float().flip(-1).argmax(-1)
        return x.shape[-1] - 1 - found if last else x.argmax(-1)

    def reference(x, last=False):
        return x.argmax(-1)

    (x,) = drawn((6, 16), dtype=torch.float32)
    assert backcheck.check_torch(kernel, x, reference=reference, config={"last": True})
    x[1] = 3.0  # a tie: any of them will do
    assert backcheck.check_torch(kernel, x, reference=reference, config={"last": True})
    found = backcheck.check_torch(lambda x: kernel(x) * 0, x, reference=reference)
    assert str(found.verdict) == "disagree"
    assert "entries are others: got 0 at" in str(found)


def test_minus_infinity_behind_a_mask_has_to_be_there():
    (x,) = drawn((4, 16), dtype=torch.float32)
    mask = torch.zeros(16).masked_fill(torch.arange(16) > 11, -torch.inf)

    def reference(x, mask):
        return torch.log_softmax(x + mask, -1)

    assert backcheck.check_torch(reference, x, mask, reference=reference, wrt="x")
    found = backcheck.check_torch(
        lambda x, mask: reference(x, mask).clamp(min=-7), x, mask, reference=reference, wrt=()
    )
    assert str(found.verdict) == "disagree"


def test_an_exact_zero_is_a_zero():
    (x,) = drawn((8, 8))
    found = backcheck.check_torch(lambda x: x.tril() + 1e-3 * (x.triu(1) != 0), x, reference=torch.tril, wrt=())
    assert str(found.verdict) == "disagree"


def test_a_reference_that_is_no_number_is_said_to_be_none():
    (x,) = drawn((4, 8))
    x[1] = -torch.inf
    found = backcheck.check_torch(lambda x: x.float().softmax(-1).to(x.dtype), x, reference=lambda x: x.softmax(-1))
    assert str(found.verdict) == "out of range"
    assert "the reference itself is no number (NaN) in 8 entries" in str(found)


def test_a_cotangent_of_integers_is_none():
    (x,) = drawn((5, 8), dtype=torch.float32)

    def kernel(x):
        return tuple(x.max(-1))

    assert backcheck.check_torch(kernel, x, reference=kernel, cotangent=(torch.ones(5), None))
    found = backcheck.verify_rule(kernel, ("m n",), reference=kernel, kind="torch", dtypes=["float32"], draws=9)
    assert found.failure is None
    with pytest.raises(BadInput, match="cotangent= has the shapes"):
        backcheck.check_torch(kernel, x, reference=kernel, cotangent=(None, None))


def scaled_wrongly(x, w):
    return 2 * scaled(x, w)


@pytest.mark.parametrize("special", [torch.nan, torch.inf, -torch.inf])
def test_the_script_asks_by_the_same_tensors_and_of_what_is_no_number(special):
    x, w = drawn((2, 12), (12,), dtype=torch.float32)
    x[0, 0] = special
    found = backcheck.check_torch(scaled_wrongly, x.requires_grad_(), w, reference=scaled)
    shown = []
    exec(found.reproducer.replace("print(", "show("), {"show": shown.append})
    assert verdicts(shown[0]) == verdicts(found)
    assert shown[0].id == found.id


def test_of_a_sum_that_may_overflow_on_the_way_nothing_is_known():
    """2e38 + 2e38 - 3e38 is a number of float32, and infinite in another order."""
    large = torch.tensor([[2e38, 2e38, -3e38, 1.0]])
    ones = torch.ones(4, 1)

    def first_two(a, b):
        return (a[:, :2] @ b[:2]) + (a[:, 2:] @ b[2:])

    assert first_two(large, ones).isinf()
    found = backcheck.check_torch(first_two, large, ones, reference=torch.matmul, wrt=())
    assert str(found.verdict) == "ill-conditioned"
    found = backcheck.check_torch(lambda a: first_two(a, ones), large, reference=lambda a: a.sum(-1, True), wrt=())
    assert str(found.verdict) == "ill-conditioned"
    assert backcheck.check_torch(first_two, large / 1e6, ones, reference=torch.matmul, wrt=())


def test_an_output_that_is_narrower_than_the_inputs_is_told():
    (x,) = drawn((4, 8), dtype=torch.float32)
    found = backcheck.check_torch(lambda x: (x * 1.7).bfloat16(), x, reference=lambda x: x * 1.7)
    assert "output comes in bfloat16, and what it is made of in float32" in str(found)
    assert "comes in" not in str(backcheck.check_torch(lambda x: x * 1.7, x, reference=lambda x: x * 1.7))


@pytest.mark.parametrize(
    ("kernel", "given", "says"),
    [
        (lambda x: x.to(torch.float8_e5m2), drawn((4, 8), dtype=torch.float32), "returns float8_e5m2; outputs of"),
        (lambda x: torch.complex(x, x), drawn((4, 8), dtype=torch.float32), "returns complex64; outputs of"),
        (lambda x: x, (torch.eye(3).to_sparse(),), "dense tensors; got a sparse one"),
        (lambda x: x[0], ([torch.ones(3).bfloat16()],), "not a list of them"),
    ],
)
def test_what_is_not_judged_is_refused_in_one_sentence(kernel, given, says):
    with pytest.raises(BadInput, match=says):
        backcheck.check_torch(kernel, *given, reference=lambda x: x * 1)


def test_what_overflows_where_squares_do_is_out_of_range():
    """Of (x - y)^2 the gradient 2 (x - y) / n is finite where 2 (x - y) is not."""

    def kernel(x, y):
        return (x - y).square().mean()

    x, y = torch.tensor([3e38, 1.0]), torch.tensor([-3e37, 2.0])
    found = backcheck.check_torch(kernel, x, y, reference=torch.nn.functional.mse_loss, cotangent=torch.tensor(1e-30))
    assert str(found.verdict) == "out of range"
    assert not found
    # 1 / infinity is a finite number, and as wrong: nothing can be said of it either
    own = {"reference": lambda x: x / (x.abs() + 1), "wrt": ()}
    assert str(backcheck.check_torch(lambda x: x / (x * x).sqrt(), x, **own).verdict) == "out of range"
    assert str(backcheck.check_torch(lambda x: 2 * x / (x.abs() + 1), x / 1e30, **own).verdict) == "disagree"
    # a maximum that is not subtracted is found at a hundred
    big = torch.tensor([[100.0, 1.0, 2.0]])
    found = backcheck.check_torch(lambda x: x.exp() / x.exp().sum(-1, True), big, reference=lambda x: x.softmax(-1))
    assert str(found.verdict) == "disagree"


def test_a_kernel_that_writes_into_slices_writes_nowhere_else():
    """Autograd makes a fresh gradient there, and finds the slice in it by its place in the storage."""

    def kernel(x):
        y, half = torch.empty_like(x), x.shape[-1] // 2
        y[..., :half], y[..., half:] = -x[..., half:], x[..., :half]
        return y

    def reference(x):
        first, second = x.chunk(2, -1)
        return torch.cat([-second, first], -1)

    found = backcheck.check_torch(kernel, *drawn((4, 16)), reference=reference)
    assert found
    assert not found.found.effects


def test_a_nan_beside_the_entries_is_told_and_functions_without_a_name_are_told_apart():
    def by_memory(x):
        return x.as_strided(x.shape, (x.shape[1], 1)) * 1.0

    found = backcheck.check_torch(by_memory, *drawn((4, 8)), reference=lambda x: x * 1.0, wrt=())
    assert "where x is every second entry of its memory" in str(found)
    assert "the memory beside the entries of these layouts holds NaN" in str(found)
    found = backcheck.check_torch(lambda x: x * 2.0, *drawn((2, 2)), reference=lambda x: x * 1.0)
    assert "check_torch(function," in found.reproducer
    assert "reference=reference," in found.reproducer


def test_a_forward_in_numpy_may_be_its_own_reference_at_full_size():
    def own(x):
        y = np.tanh(x)
        return y, y

    x = np.random.default_rng(0).standard_normal(300_000)
    right = backcheck.check_vjp(own, lambda y, dy: dy * (1 - y * y), x, reference=lambda x: own(x)[0])
    assert verdicts(right) == {"output": "agree", "dx": "agree"}
    wrong = backcheck.check_vjp(own, lambda y, dy: dy * (1 - y * y * 1.000001), x, reference=lambda x: own(x)[0])
    assert not wrong


def test_a_reference_in_numpy_beside_a_kernel_of_pytorch():
    (x,) = drawn((5, 7), dtype=torch.float32)
    assert backcheck.check_torch(lambda x: torch.tanh(x), x, reference=lambda x: np.tanh(x))
    assert not backcheck.check_torch(lambda x: 1.1 * torch.tanh(x), x, reference=lambda x: np.tanh(x))
