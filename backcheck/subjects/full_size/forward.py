"""Somebody's code on PyTorch's tensors: its forward, without what was differentiated by hand, and its own rule."""

from collections.abc import Callable
from typing import Any

from backcheck.subjects.full_size.balls import OnTensors
from backcheck.subjects.pairs.outputs import each_of, in_form
from backcheck.subjects.pairs.pair import split
from backcheck.subjects.subject import Subject
from backcheck_reference.frontends.jax_code import on_tensors as jax_on_tensors
from backcheck_reference.frontends.numpy_code import on_tensors as numpy_on_tensors
from backcheck_reference.lazy import Unavailable


def forward_on_tensors(own: Subject, config: Any) -> OnTensors:
    """forward(*tensors) -> its outputs of floats, which autograd follows. It draws the numbers that every call draws.

    Raises Unavailable, when called, where the code has no form on tensors.
    """
    function = _function(own)

    def forward(*tensors: Any) -> tuple[Any, ...]:
        with own.generators.at(own.generators.start):
            outputs = each_of(function(*tensors, **config))
        return tuple(each for each in outputs if each.is_floating_point())

    return forward


def _function(own: Subject) -> Callable[..., Any]:
    code = own.code
    if code.kind == "torch" and code.torch is not None:
        return code.torch
    if code.kind == "jax" and code.jax is not None:
        return jax_on_tensors.as_torch(code.jax)
    if not code.is_numpy:
        raise Unavailable(f"{code.kind} code without a mirror of its own")

    def value(*arrays: Any, **options: Any) -> Any:
        return each_of(split(code.forward, code.forward(*arrays, **options))[0])

    return numpy_on_tensors.as_torch(value)


def rule_on_tensors(own: Subject, config: Any) -> OnTensors:
    """rule(*tensors, *dys) -> its own gradients, None where it gives none, for a cotangent of each output of floats.

    Only NumPy code has one. Raises Unavailable, when called, where the code has no form on tensors.
    """
    code, count = own.code, len(own.names)
    if not code.is_numpy:
        raise Unavailable(f"the backward of {code.kind} code is the framework's")

    def rule(*given: Any) -> Any:
        y, saved = split(code.forward, code.forward(*given[:count], **config))
        grads = each_of(code.backward(saved, in_form(y, given[count:])))
        if len(grads) != count:
            raise Unavailable(f"it gives {len(grads)} gradients")
        return [0.0 if each is None else each for each in grads]

    def gradients(*given: Any) -> tuple[Any, ...]:
        with own.generators.at(own.generators.start):
            return tuple(numpy_on_tensors.as_torch(rule)(*given))

    return gradients
