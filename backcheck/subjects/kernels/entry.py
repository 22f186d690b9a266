"""The ways in for one kernel: its arrays as tensors, the question, and the answer."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from backcheck.errors import BadInput
from backcheck.session import asked
from backcheck.subjects.arrays import floats
from backcheck.subjects.first_call import Names
from backcheck.subjects.kernels.asked import handed_in
from backcheck.subjects.kernels.asked.beside import Beside
from backcheck.subjects.kernels.asked.question import Question
from backcheck.subjects.kernels.judged.examination import examine
from backcheck.subjects.kernels.proved import with_proof
from backcheck.subjects.kernels.shared_calls import under_all_circumstances
from backcheck.subjects.kernels.told.check import KernelCheck
from backcheck.subjects.listeners import announce
from backcheck.subjects.pairs import framework_callables
from backcheck.subjects.user_code import UserCode
from backcheck.time_limit import time_limit
from backcheck_reference.frameworks.torch_oracle import to_tensor

Function = Callable[..., Any]


def check_torch_kernel(
    function: Any, tensors: Sequence[Any], beside: Beside, config: Mapping[str, Any] | None, cotangent: Any, dtype: Any,
    seed: int, fixed: Names,
) -> KernelCheck:  # fmt: skip
    """A callable of PyTorch's, at its own tensors, on their device."""
    if framework_callables.module_of(function) is not None:
        raise BadInput(
            "a module is judged by itself; beside a reference give a function of its inputs and parameters, such as "
            "lambda x, w: torch.func.functional_call(module, {'weight': w}, (x,))"
        )
    given = tuple(_as_tensor(each, dtype) for each in tensors)
    handed = handed_in.of_torch(function, beside)
    return _checked(handed.question(beside, handed.names(beside, len(given)), given, config, seed, fixed), cotangent)


def check_jax_kernel(
    function: Function, arrays: Sequence[Any], beside: Beside, config: Mapping[str, Any] | None, cotangent: Any,
    dtype: Any, seed: int, fixed: Names,
) -> KernelCheck:  # fmt: skip
    """A callable of JAX's."""
    given = tuple(map(to_tensor, floats([framework_callables.to_array(each) for each in arrays], dtype)))
    handed = handed_in.of_jax(function)
    return _checked(handed.question(beside, handed.names(beside, len(given)), given, config, seed, fixed), cotangent)


def check_pair_kernel(
    forward: Function | None, backward: Function | None, arrays: Sequence[Any], beside: Beside,
    config: Mapping[str, Any] | None, cotangent: Any, dtype: Any, seed: int, fixed: Names,
) -> KernelCheck:  # fmt: skip
    """Functions of NumPy arrays: forward and backward, or one of them alone."""
    given = tuple(map(to_tensor, floats(arrays, dtype)))
    handed = handed_in.of_pair(forward, backward, beside)
    return _checked(handed.question(beside, handed.names(beside, len(given)), given, config, seed, fixed), cotangent)


def check_layer_kernel(
    code: UserCode, names: Sequence[str], arrays: Sequence[Any], beside: Beside, cotangent: Any, seed: int, fixed: Names
) -> KernelCheck:
    """An object with state, at its inputs and parameters."""
    given = tuple(map(to_tensor, arrays))
    return _checked(handed_in.of_layer(code).question(beside, names, given, {}, seed, fixed), cotangent)


def _checked(question: Question, cotangent: Any) -> KernelCheck:
    with time_limit(asked().seconds), np.errstate(all="ignore"):
        found = under_all_circumstances(examine(question, _in_tensors(cotangent)))
        return announce(KernelCheck(with_proof(found)))


def _as_tensor(given: Any, dtype: Any) -> Any:
    """A tensor as it is, on its device and in its layout; anything else as a tensor. `dtype` casts floats."""
    if isinstance(given, list | tuple) and any(map(framework_callables.is_tensor, given)):
        raise BadInput(
            "a kernel is given tensors one by one, not a list of them; wrap it, as in lambda a, b: kernel([a, b])"
        )
    if not framework_callables.is_tensor(given):
        array = framework_callables.to_array(given)
        return to_tensor(array if array.dtype.kind in "iub" else floats([array], dtype)[0])
    if dtype is None or not given.is_floating_point():
        return given
    wanted = to_tensor(floats([[1.0]], dtype)[0]).dtype
    return given.to(wanted)


def _in_tensors(cotangent: Any) -> tuple[Any, ...] | None:
    """A cotangent, or one for each output, as tensors. A list of numbers is one."""
    if cotangent is None:
        return None
    of_numbers = isinstance(cotangent, list) and all(isinstance(each, int | float) for each in cotangent)
    several = isinstance(cotangent, tuple | list) and not of_numbers
    parts = cotangent if several else (cotangent,)
    to_array = framework_callables.to_array
    # None goes with an output of integers
    as_they_are = (each is None or framework_callables.is_tensor(each) for each in parts)
    return tuple(each if kept else to_tensor(to_array(each)) for each, kept in zip(parts, as_they_are, strict=True))
