"""The ways in: a pair of functions, an object with state, a torch callable, a JAX function.

Each brings what it was handed to one form, and then all go the same way: the first call, the subject, the verdicts.
"""

from collections.abc import Callable, Mapping
from typing import Any

from backcheck.complex_numbers import in_parts, real_dtype
from backcheck.containment import contained
from backcheck.errors import BadInput
from backcheck.session import as_said, asked
from backcheck.subjects.arrays import as_arrays, distinct, floats, is_integer, names_of
from backcheck.subjects.first_call import Names
from backcheck.subjects.kernels import entry as kernels
from backcheck.subjects.kernels.asked.beside import Beside, refuse_beside_reference, refuse_without_reference
from backcheck.subjects.kernels.told.check import KernelCheck
from backcheck.subjects.pairs import framework_callables, not_given
from backcheck.subjects.result.check import Check
from backcheck.subjects.single.single_check import check_code, check_framework, check_module, with_values
from backcheck.subjects.stateful.call_history import known_object
from backcheck.subjects.stateful.calls import Reset, calls_of
from backcheck.subjects.stateful.layer import instance
from backcheck.subjects.stateful.modes import in_mode, must_be_told
from backcheck.subjects.stateful.parameters import Where
from backcheck.subjects.user_code import of_object, of_pair
from backcheck.time_limit import calling, time_limit

Function = Callable[..., Any]


@contained()
def check_vjp(
    forward: Function | None,
    backward: Function | None,
    *arrays: Any,
    config: Mapping[str, Any] | None = None,
    torch: Function | None = None,
    jax: Function | None = None,
    fixed: Names = (),
    meant: Any = None,
    order: int = 1,
    reference: Function | None = None,
    inside: Any = None,
    wrt: Any = None,
    fast: bool = False,
    cotangent: Any = None,
    dtype: Any = None,
    seed: int = 0,
    precise: bool = False,
    seconds: float | None = None,
) -> Check | KernelCheck:
    """Is `backward` the vector-Jacobian product of `forward`, at these arrays?

        forward(*arrays, **config) -> (y, saved)     y is one array of any shape, or several in a tuple, list or dict
        backward(saved, dy) -> gradients             dy has the form and the shapes of y

    `backward` returns one gradient for each array, of its shape, and None where there is none: for integers and
    booleans, and where the value does not depend on the array. Where it does, None is a missing gradient and a finding.
    In a dictionary, a named tuple or an object they go by the names of the arrays (`x`, or `dx`, `grad_x`);
    `fixed` names the arrays that are not differentiated on purpose ("mask", or several). backward(dout, cache) in that
    order is understood by its names.

    `arrays` are what NumPy makes arrays of; the floating-point ones share one dtype, and `dtype` casts them first.
    `torch` and `jax` are the same function in that framework, torch(*tensors, **config); without them the oracles are
    exact arithmetic and finite differences of `forward` itself. `meant` is for a backward that is not meant to be the
    derivative of `forward`: another function of the arrays whose derivative it is meant to be (lambda x: x for a
    straight-through estimator, lambda x: -x for gradient reversal), or a `Meant`. With `order=2` the second order is
    judged too: backward is the derivative of `forward` at points beside the arrays as well, so that its differences are
    those of a Hessian. `cotangent` is dy, and is drawn from `seed` when it is not given. An *imprecise* tensor (the
    right derivative, by a formula that loses three digits or more which its inputs have) passes, and with `precise` it
    does not.

    The check may take `seconds`, five minutes unless said; after that it is *unavailable*, and says which call did not
    return. A function in C that never returns is beyond that.

    A kernel that cannot run on exact numbers is judged beside `reference`, a plain function of the same arrays and
    options with the same outputs, of which only the forward is needed; the answer is then a KernelCheck. `inside` is
    the precision that it promises ("float32", "tf32", "bfloat16", or a pair (sums, stored)), `wrt` names the arrays
    that it gives gradients of, `fast` allows the hardware's approximations of exp, tanh and others. There `forward` or
    `backward` may be None: the gradients, or the values, are judged alone; backward is then backward(*arrays, dy).

    Raises BadInput for what cannot be checked: a function that raises, too few gradients, a forward that gives another
    value each time; and OutOfTime where forward does not return. A wrong gradient is a verdict, not an exception.

    >>> import numpy as np
    >>> def forward(x):
    ...     y = np.tanh(x)
    ...     return y, y
    >>> print(check_vjp(forward, lambda y, dy: dy * (1 - y * y), [0.5, -1.0, 2.0]).verdict)
    agree
    >>> print(check_vjp(forward, lambda y, dy: dy * (1 - y), [0.5, -1.0, 2.0]).verdict)
    disagree
    """
    if reference is not None:
        if forward is None and backward is None:
            raise BadInput("a kernel has a forward, a backward, or both; got None twice")
        _require_callable(**{k: f for k, f in (("forward", forward), ("backward", backward)) if f is not None})
        beside = _beside(reference, inside, wrt, fast, meant=meant, order=order, torch=torch, jax=jax)
        with as_said(precise, seconds):
            return kernels.check_pair_kernel(forward, backward, arrays, beside, config, cotangent, dtype, seed, fixed)
    _without_reference(inside, wrt, fast)
    _require_callable(forward=forward, backward=backward)
    _require_mirrors(torch=torch, jax=jax)
    assert forward is not None
    assert backward is not None
    left_out, names = not_given.places_of(arrays), names_of(forward, len(arrays))
    code = of_pair(forward, backward, names, torch=torch, jax=jax).without_arrays(left_out, len(arrays) - len(left_out))
    parts, complex_at = in_parts(not_given.given(arrays))
    code = code.of_parts(complex_at)
    given = floats(parts, real_dtype(dtype))
    names = tuple(name for at, name in enumerate(names) if at not in left_out)
    with as_said(precise, seconds):
        return check_code(code, names, given, config, cotangent, seed, fixed, meant, order)


@contained()
def check_layer(
    layer: Any,
    *arrays: Any,
    params: Where = None,
    grads: Where = None,
    values: Mapping[str, Any] | None = None,
    methods: tuple[str, str] | None = None,
    reset: Reset = None,
    training: bool | None = None,
    torch: Function | None = None,
    jax: Function | None = None,
    fixed: Names = (),
    meant: Any = None,
    order: int = 1,
    reference: Function | None = None,
    inside: Any = None,
    wrt: Any = None,
    fast: bool = False,
    cotangent: Any = None,
    dtype: Any = None,
    seed: int = 0,
    precise: bool = False,
    seconds: float | None = None,
) -> Check | KernelCheck:
    """Are the gradients of an object with state right: `forward(*arrays)`, then `backward(dy)`?

    `layer` is the object, or a function without arguments that makes one; an nn.Module is checked as by `check_torch`.
    It is copied and never changed. `arrays` are
    the inputs of its forward; dy has the shape of what forward returns, and every gradient the shape of what it is the
    gradient of.

    `params` and `grads` say where its parameters and their gradients are: the name of an attribute that holds an array,
    a dictionary or a list, a list of such names, or a mapping from names to dotted paths. Without them the customs of
    hand-written libraries are looked for (`params`/`grads`, `W`/`dW`, `.data`/`.grad`, ...). `values` has values for
    parameters, by name, in place of those it holds.

    `methods` are the names of its two methods where they are others. `reset` is what its user calls between two steps:
    the name of a method, or a function of the object. `training` puts a copy of it into that mode, by its own switch or
    attribute, or by the argument of forward that asks for it; where that has no default it is True.

    `torch` and `jax` are the same function in that framework, of the inputs and then the parameters. `fixed`,
    `meant`, `cotangent`, `dtype`, `seed` and `seconds` are as in `check_vjp`.

    `reference`, `inside`, `wrt` and `fast` are as in `check_vjp`: a reference takes the inputs and then the parameters.

    Raises BadInput for what cannot be checked: no forward or backward, parameters that are not where they are said to
    be, an object that cannot be copied. A wrong gradient is a verdict, not an exception.

    >>> import numpy as np
    >>> class Scale:
    ...     def __init__(self):
    ...         self.w, self.dw = np.array([2.0, 3.0]), None
    ...     def forward(self, x):
    ...         self.x = x
    ...         return x * self.w
    ...     def backward(self, dy):
    ...         self.dw = (dy * self.x).sum(0)
    ...         return dy * self.w
    >>> found = check_layer(Scale, np.ones((4, 2)))
    >>> print(found.verdict, list(found.checked.problem.wanted))
    agree ['x', 'w']
    """
    _require_mirrors(torch=torch, jax=jax)
    module = framework_callables.module_of(layer)
    if module is not None:
        return check_torch(
            module,
            *arrays,
            values=values,
            fixed=fixed,
            meant=meant,
            order=order,
            cotangent=cotangent,
            dtype=dtype,
            seed=seed,
            precise=precise,
            seconds=seconds,
            reference=reference,
            inside=inside,
            wrt=wrt,
            fast=fast,
        )
    if reference is None:
        _without_reference(inside, wrt, fast)
    calls = calls_of(methods, reset)
    with as_said(precise, seconds), time_limit(asked().seconds), calling("the object"):
        made = instance(layer, calls)
        if training is not None or must_be_told(made, calls):
            made = in_mode(made, training is not False, calls)
        known = known_object(made, as_arrays(arrays, dtype), params, grads, calls, in_its_dtype=dtype is None)
    held = with_values(known.layer.values, values)
    given = floats([*known.arrays, *held.values()], None)
    given = floats(given, next(array.dtype for array in given if not is_integer(array)))
    said = {"params": params, "grads": grads, "methods": methods, "reset": reset, "training": training}
    code = of_object(layer, known.layer, said, torch=torch, jax=jax)
    names = distinct((*names_of(code.signature, len(known.arrays)), *held))
    if reference is not None:
        beside = _beside(reference, inside, wrt, fast, meant=meant, order=order, torch=torch, jax=jax)
        with as_said(precise, seconds):
            return kernels.check_layer_kernel(code, names, given, beside, cotangent, seed, fixed)
    with as_said(precise, seconds):
        return check_code(code, names, given, {}, cotangent, seed, fixed, meant, order, known=known)


@contained()
def check_torch(
    function: Any,
    *tensors: Any,
    config: Mapping[str, Any] | None = None,
    values: Mapping[str, Any] | None = None,
    fixed: Names = (),
    meant: Any = None,
    order: int = 1,
    reference: Function | None = None,
    inside: Any = None,
    wrt: Any = None,
    fast: bool = False,
    out: str | None = None,
    cotangent: Any = None,
    dtype: Any = None,
    seed: int = 0,
    precise: bool = False,
    seconds: float | None = None,
) -> Check | KernelCheck:
    """Is the hand-written backward of a PyTorch callable right, at these tensors?

    `function` is a torch.autograd.Function, a module, or any callable that uses such: function(*tensors, **config)
    gives one tensor of any shape, or a tuple of them. `tensors` may be arrays too. Where some of them require a
    gradient, those that do not are fixed. The oracles are PyTorch's own autograd through the code of each Function's
    forward, finite differences, and exact arithmetic on the operations that PyTorch records.

    Of a module the parameters that require a gradient are judged too, by their names and in the dtype of the inputs;
    its buffers are fixed, and it stays in the mode that it is in. `values` has values for parameters, by name, in place
    of those it holds. `fixed`, `meant`, `order`, `cotangent`, `dtype`, `seed` and `seconds` are as
    in `check_vjp`.

    A kernel that cannot run on exact numbers is judged beside `reference`, a plain function of the same arrays and
    options with the same outputs, of which only the forward is needed; the answer is then a KernelCheck. `inside` is
    the precision that it promises ("float32", "tf32", "bfloat16", or a pair (sums, stored)), `wrt` names the arrays
    that it gives gradients of, `fast` allows the hardware's approximations of exp, tanh and others, and `out` is the
    keyword of the buffers that it writes its outputs into.

    Raises BadInput as `check_vjp` does, and Unavailable without PyTorch.

    >>> import torch
    >>> class Square(torch.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x
    ...     @staticmethod
    ...     def backward(ctx, dy):
    ...         return 2 * ctx.saved_tensors[0] * dy
    >>> print(check_torch(Square, torch.tensor([0.5, -1.0])).verdict)
    agree
    """
    if reference is not None:
        beside = _beside(reference, inside, wrt, fast, out, meant=meant, order=order)
        with as_said(precise, seconds):
            return kernels.check_torch_kernel(function, tensors, beside, config, cotangent, dtype, seed, fixed)
    module = framework_callables.module_of(function)
    if module is not None:
        _without_reference(inside, wrt, fast, out)
        with as_said(precise, seconds):
            return check_module(module, function, tensors, config, values, cotangent, dtype, seed, fixed, meant, order)
    if values:
        raise BadInput(f"values= are for the parameters of a module; got {type(function).__name__}")
    _without_reference(inside, wrt, fast, out)
    with as_said(precise, seconds):
        return check_framework("torch", function, tensors, config, cotangent, dtype, seed, fixed, meant, order)


@contained()
def check_jax(
    function: Function,
    *arrays: Any,
    config: Mapping[str, Any] | None = None,
    fixed: Names = (),
    meant: Any = None,
    order: int = 1,
    reference: Function | None = None,
    inside: Any = None,
    wrt: Any = None,
    fast: bool = False,
    cotangent: Any = None,
    dtype: Any = None,
    seed: int = 0,
    precise: bool = False,
    seconds: float | None = None,
) -> Check | KernelCheck:
    """Is the rule of a JAX function with jax.custom_vjp or jax.custom_jvp right, at these arrays?

    function(*arrays, **config) gives one array of any shape, or several in any structure. The oracles are JAX's own
    derivative with every custom rule left out, finite differences, and exact arithmetic on the operations that JAX
    records. `fixed`, `meant`, `cotangent`, `dtype`, `seed` and `seconds` are as in
    `check_vjp`.

    `reference`, a JAX function, `inside`, `wrt` and `fast` are as in `check_vjp`.

    Raises BadInput as `check_vjp` does, and Unavailable without JAX.

    >>> import jax
    >>> @jax.custom_vjp
    ... def square(x):
    ...     return x * x
    >>> square.defvjp(lambda x: (x * x, x), lambda x, dy: (2 * x * dy,))
    >>> print(check_jax(square, [0.5, -1.0]).verdict)
    agree
    """
    if reference is not None:
        beside = _beside(reference, inside, wrt, fast, meant=meant, order=order)
        with as_said(precise, seconds):
            return kernels.check_jax_kernel(function, arrays, beside, config, cotangent, dtype, seed, fixed)
    _without_reference(inside, wrt, fast)
    with as_said(precise, seconds):
        return check_framework("jax", function, arrays, config, cotangent, dtype, seed, fixed, meant, order)


def _beside(reference: Function, inside: Any, wrt: Any, fast: bool, out: str | None = None, **said: Any) -> Beside:
    """What is said of a kernel. Raises BadInput for what makes no sense beside a reference."""
    _require_callable(reference=reference)
    refuse_beside_reference(**said)
    return Beside(reference=reference, inside=inside, wrt=wrt, out=out, fast=fast)


def _without_reference(inside: Any, wrt: Any, fast: bool, out: str | None = None) -> None:
    refuse_without_reference(inside=inside, wrt=wrt, fast=fast, out=out)


def _require_callable(**given: Any) -> None:
    for name, function in given.items():
        if not callable(function):
            raise BadInput(f"{name} must be a function; got {type(function).__name__}")


def _require_mirrors(**given: Any) -> None:
    _require_callable(**{name: function for name, function in given.items() if function is not None})
