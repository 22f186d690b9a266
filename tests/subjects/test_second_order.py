"""The second order of somebody's code: what gradgradcheck catches and more, and no alarm on what is right."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from backcheck import BadInput, check_jax, check_layer, check_torch, check_vjp, verify_rule
from backcheck_reports.record import Verdict

X = np.array([0.5, -1.2, 2.0])


def of(forward, backward):
    """A Function of forward(ctx, *tensors) and backward(ctx, *dys)."""
    return type("Own", (Function,), {"forward": staticmethod(forward), "backward": staticmethod(backward)})


def saved(value):
    def forward(ctx, *tensors):
        ctx.save_for_backward(*tensors)
        return value(*tensors)

    return forward


def cube(x):
    return x**3


def attribute(ctx, x):
    ctx.sq = x * x
    return x**3


def intermediate(ctx, x):
    ctx.save_for_backward(x * x)
    return x**3


def output(ctx, x):
    y = x.exp()
    ctx.save_for_backward(y)
    return y


def without_graph(ctx, g):
    with torch.no_grad():
        return 3 * g * ctx.saved_tensors[0] ** 2


def by_data(ctx, g):
    return 3 * g * ctx.saved_tensors[0].data ** 2


def by_numpy(ctx, g):
    x = ctx.saved_tensors[0].detach().numpy()
    return torch.from_numpy(3 * x**2) * g


def raising(ctx, g):
    return Raises.apply(ctx.saved_tensors[0], g)


def times_square(by):
    """3 g x^2 as a Function of its own, whose derivative by x has a factor."""
    return of(
        saved(lambda x, g: 3 * g * x * x),
        lambda ctx, u: (by * u * 6 * ctx.saved_tensors[0] * ctx.saved_tensors[1], 3 * u * ctx.saved_tensors[0] ** 2),
    )


def refused(ctx, u):
    raise NotImplementedError("no second backward")


Raises = of(saved(lambda x, g: 3 * g * x * x), refused)
Twice, Thrice = times_square(1), times_square(1.5)


def product_backward(ctx, g):
    x, w = ctx.saved_tensors
    return g @ w.T, x.T @ g


def half_lost(ctx, g):
    x, w = ctx.saved_tensors
    return g @ w.detach().T, x.T @ g


@once_differentiable
def once(ctx, g):
    return 3 * g * ctx.saved_tensors[0] ** 2


PRODUCT = (np.array([[0.3, -1.2], [0.7, 0.4]]), np.array([[1.5, 0.2], [-0.4, 0.9]]))
# the Function, its arrays, the verdict, which array is said to be at fault, and in which words
FUNCTIONS = {
    "saved": (of(saved(cube), lambda ctx, g: 3 * g * ctx.saved_tensors[0] ** 2), (X,), "agree", "", ""),
    "an output saved": (of(output, lambda ctx, g: g * ctx.saved_tensors[0]), (X,), "agree", "", ""),
    "a Function within": (of(saved(cube), lambda ctx, g: Twice.apply(ctx.saved_tensors[0], g)), (X,), "agree", "", ""),
    "a product": (of(saved(torch.matmul), product_backward), PRODUCT, "agree", "", ""),
    "linear": (of(lambda ctx, x: 2 * x, lambda ctx, g: 2 * g), (X,), "agree", "", ""),
    "an attribute": (
        of(attribute, lambda ctx, g: 3 * g * ctx.sq),
        (X,),
        "disagree",
        "H.x",
        "no second derivative by x",
    ),
    "an intermediate saved": (
        of(intermediate, lambda ctx, g: 3 * g * ctx.saved_tensors[0]),
        (X,),
        "disagree",
        "H.x",
        "no second derivative by x",
    ),
    "no_grad": (of(saved(cube), without_graph), (X,), "disagree", "H.x", "no second derivative by x"),
    ".data": (of(saved(cube), by_data), (X,), "disagree", "H.x", "no second derivative by x"),
    "NumPy": (of(saved(cube), by_numpy), (X,), "disagree", "H.x", "no second derivative by x"),
    "a factor": (of(saved(cube), lambda ctx, g: Thrice.apply(ctx.saved_tensors[0], g)), (X,), "disagree", "H.x", "1.5"),
    "one way lost": (of(saved(torch.matmul), half_lost), PRODUCT, "disagree", "H.w", "no second derivative by w"),
    "it raises": (of(saved(cube), raising), (X,), "disagree", "H.x", "its double backward raises NotImplementedError"),
    "once differentiable": (of(saved(cube), once), (X,), "unavailable", "", "marked as once differentiable"),
}


def named(text):
    """With names for the arrays of a forward that takes any number of them, and lines that go on in one."""
    return text.replace("\n   ", "").replace("array0", "x").replace("array1", "w")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_autograd_functions(name):
    function, arrays, verdict, argument, says = FUNCTIONS[name]
    assert check_torch(function, *arrays).verdict is Verdict.AGREE
    check = check_torch(function, *arrays, order=2)
    assert check.verdict == verdict, check.explain()
    assert bool(check) is (verdict == "agree")
    assert says in named(str(check))
    assert "order=2" in check.reproducer
    if argument:
        assert named(check.finding.argument) == argument
    tensors = [torch.from_numpy(array).requires_grad_() for array in arrays]
    if name not in ("once differentiable", "it raises", "NumPy", "no_grad"):  # where gradgradcheck itself raises
        assert torch.autograd.gradgradcheck(function.apply, tensors, raise_exception=False) is (verdict == "agree")


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_other_dtypes(dtype):
    assert check_torch(FUNCTIONS["saved"][0], X, dtype=dtype, order=2)
    assert check_torch(FUNCTIONS["a factor"][0], X, dtype=dtype, order=2).verdict is Verdict.DISAGREE


def test_several_outputs_and_a_module():
    both = of(
        saved(lambda x: (x**3, x.exp())),
        lambda ctx, g, h: g * 3 * ctx.saved_tensors[0] ** 2 + h * ctx.saved_tensors[0].exp(),
    )
    assert check_torch(both, X, order=2).verdict is Verdict.AGREE
    module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Tanh())
    check = check_torch(module, X[None], order=2)
    assert check.verdict is Verdict.AGREE
    assert "H.0.weight" in str(check)


def test_what_is_wrong_at_first_order_is_not_asked_again():
    check = check_torch(of(saved(cube), lambda ctx, g: g * ctx.saved_tensors[0]), X, order=2)
    assert check.finding.argument != "H.x"
    assert "H.x" not in str(check)


def custom(backward, forward=lambda x: (x**3, x)):
    @jax.custom_vjp
    def function(x):
        return forward(x)[0]

    function.defvjp(forward, backward)
    return function


def kept_square(x):
    return x**3, jax.lax.stop_gradient(x * x)


JAX = {
    "right": (custom(lambda x, g: (3 * g * x * x,)), "agree"),
    "the square kept": (custom(lambda sq, g: (3 * g * sq,), lambda x: (x**3, x * x)), "agree"),
    "stopped": (custom(lambda sq, g: (3 * g * sq,), kept_square), "disagree"),
    "stopped in backward": (custom(lambda x, g: (3 * g * jax.lax.stop_gradient(x * x),)), "disagree"),
    "sin": (custom(lambda x, g: (g * jnp.cos(x),), lambda x: (jnp.sin(x), x)), "agree"),
}


@pytest.mark.parametrize("name", JAX)
def test_custom_vjps(name):
    function, verdict = JAX[name]
    assert check_jax(function, X).verdict is Verdict.AGREE
    check = check_jax(function, X, order=2)
    assert check.verdict == verdict, check.explain()


def jumping(saved, dy):
    """Right at one point only."""
    x = saved
    return 3 * dy * x * x * (1 if x[0] == 0.5 else 1 + 1e-9)


class Cubed:
    def forward(self, x):
        self.x = x
        return x**3

    def backward(self, dy):
        return 3 * dy * self.x**2


def test_numpy_code():
    def forward(x):
        return x**3, x

    right = check_vjp(forward, lambda x, dy: 3 * dy * x * x, X, order=2)
    assert right.verdict is Verdict.AGREE
    assert "by differences of backward" in str(right)
    assert check_vjp(forward, jumping, X).verdict is Verdict.AGREE
    wrong = check_vjp(forward, jumping, X, order=2)
    assert (wrong.verdict, wrong.finding.argument) == (Verdict.DISAGREE, "H.x")
    assert check_layer(Cubed, X, order=2).verdict is Verdict.AGREE
    assert (
        check_vjp(lambda x: (np.array([float(v) ** 3 for v in x]), x), lambda x, dy: 3 * dy * x * x, X, order=2).verdict
        is Verdict.UNAVAILABLE
    )


def test_an_order_that_there_is_not():
    with pytest.raises(BadInput, match="order must be 1, or 2"):
        check_torch(FUNCTIONS["saved"][0], X, order=3)


def test_drawn_cases():
    right = verify_rule(FUNCTIONS["a product"][0], ("n d", "d k"), draws=4, order=2)
    assert right, right.explain()
    wrong = verify_rule(FUNCTIONS["an attribute"][0], "n", draws=4, order=2)
    assert (wrong.verdict, wrong.failure.finding.argument) == (Verdict.DISAGREE, "H.x")
    assert "order=2" in wrong.failure.reproducer
    assert verify_rule(FUNCTIONS["an attribute"][0], "n", draws=3)
