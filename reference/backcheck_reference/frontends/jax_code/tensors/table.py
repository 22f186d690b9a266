"""All of JAX's primitives that have a form on tensors, and call no other jaxpr."""

from collections.abc import Mapping
from typing import Any

from backcheck_reference.frontends.jax_code.primitives import NAMES_OF_IDENTITIES
from backcheck_reference.frontends.jax_code.tensors.elementwise import ELEMENTWISE
from backcheck_reference.frontends.jax_code.tensors.indices import INDEXING
from backcheck_reference.frontends.jax_code.tensors.reductions import REDUCTIONS
from backcheck_reference.frontends.jax_code.tensors.structure import STRUCTURE
from backcheck_reference.frontends.jax_code.tensors.values import Form, converted
from backcheck_reference.frontends.jax_code.tensors.windows import WINDOWS
from backcheck_reference.lazy import torch


def _triangular(
    a: Any, b: Any, *, left_side: bool, lower: bool, transpose_a: bool, unit_diagonal: bool, conjugate_a: bool
) -> Any:
    a, upper = (a.mT, lower) if transpose_a else (a, not lower)
    return torch.linalg.solve_triangular(a, b, upper=upper, left=left_side, unitriangular=unit_diagonal)


def _stopped(x: Any, **_: Any) -> Any:
    return x.detach() if isinstance(x, torch.Tensor) else x


TABLE: Mapping[str, Form] = {
    **dict.fromkeys(NAMES_OF_IDENTITIES, lambda *values, **_: values[0] if len(values) == 1 else values),
    "stop_gradient": _stopped,
    "convert_element_type": converted,
    **ELEMENTWISE,
    **REDUCTIONS,
    **STRUCTURE,
    **INDEXING,
    **WINDOWS,
    "cholesky": lambda a, **_: torch.linalg.cholesky(a),
    "triangular_solve": _triangular,
}
