"""The forward of somebody's code as a function of PyTorch's tensors, without what was differentiated by hand."""

from collections.abc import Callable
from typing import Any

from backcheck.subjects.pairs.outputs import each_of
from backcheck.subjects.pairs.pair import split
from backcheck.subjects.subject import Subject
from backcheck_reference.frontends.jax_code import on_tensors as jax_on_tensors
from backcheck_reference.frontends.numpy_code import on_tensors as numpy_on_tensors
from backcheck_reference.lazy import Unavailable

OnTensors = Callable[..., tuple[Any, ...]]


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
