"""A reference in PyTorch, NumPy or JAX: in which it is written, and the same as a function of PyTorch's tensors."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from backcheck.containment import no_exit, raised
from backcheck.errors import BadInput
from backcheck_reference.frontends.jax_code import on_tensors as jax_on_tensors
from backcheck_reference.frontends.numpy_code import on_tensors as numpy_on_tensors
from backcheck_reference.frontends.torch_code.plain import without_custom_backward
from backcheck_reference.lazy import torch

Framework = Literal["torch", "numpy", "jax"]
Function = Callable[..., Any]


def reference_as_torch(reference: Function, kind: Framework) -> Function:
    """The reference as a function of tensors that autograd follows, without what in it was differentiated by hand.

    Called, it raises `lazy.Unavailable`, and names the function or primitive, where there is no form on tensors.
    """
    if kind == "torch":
        return without_custom_backward(reference)
    return numpy_on_tensors.as_torch(reference) if kind == "numpy" else jax_on_tensors.as_torch(reference)


@dataclass(frozen=True, slots=True)
class Trial:
    """One way of calling a reference: the kind that it showed, or what it said.

    `outputs` are the forms of PyTorch's tensors that it returned, one or a tuple of them: tensors without memory.
    """

    kind: Framework | None = None
    said: str = ""
    outputs: tuple[Any, ...] | None = None


def kind_of(
    reference: Function,
    arrays: Sequence[np.ndarray],
    config: Mapping[str, Any] | None = None,
    *,
    first: Framework = "numpy",
) -> Framework:
    """What the reference is written in: it is called, and what it returns tells; see `trial_of`.

    >>> kind_of(lambda x: np.exp(x), [np.ones(2)])
    'numpy'
    """
    kind = trial_of(reference, arrays, config, first=first).kind
    assert kind is not None
    return kind


def trial_of(
    reference: Function,
    arrays: Sequence[np.ndarray],
    config: Mapping[str, Any] | None = None,
    *,
    first: Framework = "numpy",
) -> Trial:
    """The call that showed what the reference is written in, and the forms of what it returned.

    Arrays are tried first, since `np.exp` of a tensor gives a tensor; with first="torch", for a kernel of PyTorch's,
    tensors that require a gradient, which NumPy refuses. Floats are given as float64. Raises BadInput, with what each
    try said, where the reference runs with neither.
    """
    if not callable(reference):
        raise BadInput(f"reference must be a function; got {type(reference).__name__}")
    ways = (_with_tensors, _with_arrays) if first == "torch" else (_with_arrays, _with_tensors)
    failures = []
    for way in ways:
        found = way(reference, arrays, config or {})
        if found.kind is not None:
            return found
        failures.append(found.said)
    raise BadInput(
        f"reference must be a function of the kernel's arrays in PyTorch, NumPy or JAX; {' and '.join(failures)}"
    )


def _with_arrays(reference: Function, arrays: Sequence[np.ndarray], config: Mapping[str, Any]) -> Trial:
    return _tried(reference, [_wide(array) for array in arrays], config, "NumPy arrays")


def _with_tensors(reference: Function, arrays: Sequence[np.ndarray], config: Mapping[str, Any]) -> Trial:
    if not torch.installed:
        return Trial(said="PyTorch, with whose tensors it could be tried, is not installed")
    tensors = [torch.from_numpy(_wide(array)) for array in arrays]
    moved = [each.requires_grad_() if each.is_floating_point() else each for each in tensors]
    return _tried(without_custom_backward(reference), moved, config, "tensors")


def _wide(array: np.ndarray) -> np.ndarray:
    """A copy; floats, those of ml_dtypes too, as float64, which every function takes."""
    given = np.asarray(array)
    return np.array(given) if given.dtype.kind in "iubc" else np.array(given, dtype=np.float64)


def _tried(function: Function, given: Sequence[Any], config: Mapping[str, Any], what: str) -> Trial:
    try:
        with no_exit("reference"), np.errstate(all="ignore"):
            result = function(*given, **config)
    except Exception as error:
        return Trial(said=f"with {what} it {raised(error).splitlines()[0]}")
    kinds = set(map(_kind, _outputs(result)))
    if kinds and None not in kinds:  # a framework's function may return a plain number too
        kind: Framework = next(kind for kind in ("torch", "jax", "numpy") if kind in kinds)
        return Trial(kind, outputs=_forms(result) if kind == "torch" else None)
    names = " and ".join(sorted({type(each).__name__ for each in _outputs(result)})) or "nothing"
    return Trial(said=f"with {what} it returned {names}, and not arrays")


def _forms(result: Any) -> tuple[Any, ...] | None:
    each_of = tuple(result) if isinstance(result, tuple | list) else (result,)
    if not all(isinstance(each, torch.Tensor) for each in each_of):
        return None
    return tuple(torch.empty(each.shape, dtype=each.dtype, device="meta") for each in each_of)


def _outputs(result: Any) -> list[Any]:
    if isinstance(result, Mapping):
        result = list(result.values())
    if isinstance(result, tuple | list):
        return [each for part in result for each in _outputs(part)]
    return [result]


def _kind(output: Any) -> Framework | None:
    jax = sys.modules.get("jax")  # who returns such an array has imported it
    loaded = sys.modules.get("torch")
    if loaded is not None and isinstance(output, loaded.Tensor):
        return "torch"
    if jax is not None and isinstance(output, jax.Array):
        return "jax"
    return "numpy" if isinstance(output, np.ndarray | np.generic | float | int) else None
