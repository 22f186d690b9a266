"""The way in for kernels: what was handed in brought to one question, and the answer to it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backcheck.errors import BadInput
from backcheck.session import asked
from backcheck.signature import takes
from backcheck.subjects.arrays import floats, names_of
from backcheck.subjects.first_call import Names
from backcheck.subjects.kernels.beside import Beside
from backcheck.subjects.kernels.check import KernelCheck
from backcheck.subjects.kernels.circumstances import under_all_circumstances
from backcheck.subjects.kernels.examination import examine
from backcheck.subjects.kernels.forms import Kernel, jax_kernel, pair_kernel, torch_kernel
from backcheck.subjects.kernels.models import promised
from backcheck.subjects.kernels.question import Question, narrowest, positions
from backcheck.subjects.kernels.references import kind_of, reference_as_torch
from backcheck.subjects.listeners import announce
from backcheck.subjects.pairs import framework_callables
from backcheck.subjects.pairs.source_text import called, import_lines
from backcheck.subjects.user_code import PAIR, UserCode, name_of_framework
from backcheck.time_limit import time_limit
from backcheck_reference.frameworks.torch_oracle import to_tensor

Function = Callable[..., Any]


def check_torch_kernel(
    function: Any, tensors: Sequence[Any], beside: Beside, config: Mapping[str, Any] | None,
    cotangent: Any, dtype: Any, seed: int, fixed: Names,
) -> KernelCheck:  # fmt: skip
    """A callable of PyTorch's, at its own tensors, on their device."""
    given = tuple(_as_tensor(each, dtype) for each in tensors)
    if framework_callables.module_of(function) is not None:
        raise BadInput(
            "a module is judged by itself; beside a reference give a function of its inputs and parameters, such as "
            "lambda x, w: torch.func.functional_call(module, {'weight': w}, (x,))"
        )
    names = _names(framework_callables.signature_of(framework_callables.whole_function(function)), beside, len(given))

    def kernel(wanted: tuple[int, ...]) -> Kernel:
        return torch_kernel(function, wrt=wanted, out=beside.out)

    name = name_of_framework(framework_callables.whole_function(function))
    source = ("import numpy as np", "import torch", "import backcheck", *import_lines(function), *beside.lines)
    made = _Made(name, names, given, kernel, source, f"backcheck.check_torch({called(function)},")
    return _checked(made, beside, "torch", config, _in_tensors(cotangent), seed, fixed)


def check_jax_kernel(
    function: Function, arrays: Sequence[Any], beside: Beside, config: Mapping[str, Any] | None, cotangent: Any,
    dtype: Any, seed: int, fixed: Names,
) -> KernelCheck:  # fmt: skip
    """A callable of JAX's."""
    given = tuple(map(to_tensor, floats([framework_callables.to_array(each) for each in arrays], dtype)))
    names = _names(function, beside, len(given))

    def kernel(wanted: tuple[int, ...]) -> Kernel:
        return jax_kernel(function, wrt=wanted)

    name = name_of_framework(function)
    source = ("import numpy as np", "import backcheck", *import_lines(function), *beside.lines)
    made = _Made(name, names, given, kernel, source, f"backcheck.check_jax({called(function)},")
    return _checked(made, beside, "jax", config, _in_tensors(cotangent), seed, fixed)


def check_pair_kernel(
    forward: Function | None, backward: Function | None, arrays: Sequence[Any], beside: Beside,
    config: Mapping[str, Any] | None, cotangent: Any, dtype: Any, seed: int, fixed: Names,
    name: str = "", names: Sequence[str] = (), call: str = "",
) -> KernelCheck:  # fmt: skip
    """Functions of NumPy arrays: forward and backward, or one of them alone."""
    values = floats(arrays, dtype)
    given = tuple(map(to_tensor, values))
    main = forward if forward is not None else beside.reference
    own = tuple(names) or names_of(main, len(given))

    def kernel(wanted: tuple[int, ...]) -> Kernel:
        return pair_kernel(forward, backward, wrt=wanted)

    kind = kind_of(beside.reference, values, config or {})
    functions = dict(zip(PAIR, (forward, backward), strict=True))
    own_ones = {other: each for other, each in functions.items() if each is not None}
    source = (*import_lines(*own_ones.values(), otherwise=tuple(own_ones)), *beside.lines)
    texts = ", ".join("None" if each is None else called(each, other) for other, each in functions.items())
    made = _Made(
        name or name_of_framework(next(iter(own_ones.values()))),
        own,
        given,
        kernel,
        ("import numpy as np", "import backcheck", *source),
        call or f"backcheck.check_vjp({texts},",
    )
    only = () if backward is None else None
    return _checked(made, beside, kind, config, _in_tensors(cotangent), seed, fixed, forward is None, only)


def check_layer_kernel(
    code: UserCode, names: Sequence[str], arrays: Sequence[Any], beside: Beside, cotangent: Any, seed: int, fixed: Names
) -> KernelCheck:
    """An object with state: its reference is a function of the inputs, and then of the parameters."""
    given = tuple(map(to_tensor, arrays))

    def kernel(wanted: tuple[int, ...]) -> Kernel:
        return pair_kernel(code.forward, code.backward, wrt=wanted)

    kind = kind_of(beside.reference, arrays, {})
    made = _Made(code.name, names, given, kernel, (*code.source, *beside.lines), code.call)
    return _checked(made, beside, kind, {}, _in_tensors(cotangent), seed, fixed)


@dataclass(frozen=True, slots=True)
class _Made:
    """A kernel in any form: its name, its tensors with their names, how a script has it."""

    name: str
    names: Sequence[str]
    tensors: tuple[Any, ...]
    kernel: Callable[[tuple[int, ...]], Kernel]
    source: tuple[str, ...]
    call: str


def _checked(
    made: _Made, beside: Beside, kind: str, config: Mapping[str, Any] | None, cotangents: Sequence[Any] | None,
    seed: int, fixed: Names, backward_only: bool = False, wanted: tuple[int, ...] | None = None,
) -> KernelCheck:  # fmt: skip
    model = promised(beside.inside, narrowest(made.tensors))
    names, tensors = tuple(made.names), made.tensors
    wanted = () if beside.out is not None else wanted  # what is written into buffers is not differentiated
    wanted = positions(beside.wrt, names, tensors, fixed) if wanted is None else wanted
    question = Question(
        name=made.name,
        kernel=made.kernel(wanted),
        reference=reference_as_torch(beside.reference, kind),
        names=names,
        tensors=tensors,
        wanted=wanted,
        config=dict(config or {}),
        model=model,
        fast=beside.fast,
        seed=seed,
        out=beside.out is not None,
        backward_only=backward_only,
        source=made.source,
        call=made.call,
        options=beside.options,
    )
    with time_limit(asked().seconds), np.errstate(all="ignore"):
        return announce(KernelCheck(under_all_circumstances(examine(question, cotangents))))


def _names(function: Function, beside: Beside, count: int) -> tuple[str, ...]:
    """What the kernel calls its arrays; where it takes any number of them, what the reference calls them."""
    return names_of(function if len(takes(function).names) >= count else beside.reference, count)


def _as_tensor(given: Any, dtype: Any) -> Any:
    """A tensor as it is, on its device and in its layout; anything else as a tensor. `dtype` casts floats."""
    if not framework_callables.is_tensor(given):
        return (
            to_tensor(floats([given], dtype)[0]) if _is_float(given) else to_tensor(framework_callables.to_array(given))
        )
    if dtype is None or not given.is_floating_point():
        return given
    wanted = to_tensor(floats([[1.0]], dtype)[0]).dtype
    return given.to(wanted)


def _is_float(given: Any) -> bool:
    return framework_callables.to_array(given).dtype.kind not in "iub"


def _in_tensors(cotangent: Any) -> tuple[Any, ...] | None:
    """A cotangent, or one for each output, as tensors."""
    if cotangent is None:
        return None
    parts = cotangent if isinstance(cotangent, tuple | list) and not _is_nested_number(cotangent) else (cotangent,)
    return tuple(
        each if framework_callables.is_tensor(each) else to_tensor(framework_callables.to_array(each)) for each in parts
    )


def _is_nested_number(given: Any) -> bool:
    """Is a list one array, and not one array for each output?"""
    return isinstance(given, list) and all(isinstance(each, int | float) for each in given)
