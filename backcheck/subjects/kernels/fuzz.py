"""The way in for kernels that are fuzzed."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from backcheck.errors import BadInput
from backcheck.signature import takes, without_options
from backcheck.subjects.drawn.families import kind_of_code
from backcheck.subjects.drawn.shapes import describe
from backcheck.subjects.first_call import Names
from backcheck.subjects.fuzz.verification import Verification
from backcheck.subjects.kernels.asked import handed_in
from backcheck.subjects.kernels.asked.beside import Beside
from backcheck.subjects.kernels.asked.question import Question
from backcheck.subjects.kernels.drawn.cases import KernelCase, KernelPlan
from backcheck.subjects.kernels.drawn.hunt import KernelHunt
from backcheck.subjects.kernels.judged.truth import plain_outputs
from backcheck.subjects.stateful.calls import calls_of


def verify_kernel(
    kernel: Any, arrays: Any, beside: Beside, config: Mapping[str, Any], kind: str | None, dtypes: Sequence[str],
    draws: int, seed: int, fixed: Names,
) -> Verification:  # fmt: skip
    """Many drawn cases of a kernel: a callable of a framework, or two functions of which one may be None."""
    handed = _handed_in(kernel, kind, beside)
    named = handed.signature if takes(handed.signature).names else beside.reference
    described = describe(without_options(named, config), arrays)
    names = [each.name for each in described]

    def asked(case: KernelCase) -> Question:
        return handed.question(beside, names, case.tensors(), case.config, seed, fixed)

    def outputs(case: KernelCase) -> Sequence[Any]:
        found = plain_outputs(asked(case))
        return [tuple(each.shape) if each.is_floating_point() else None for each in found]

    return KernelHunt(handed.name, KernelPlan(described, config, dtypes, outputs), asked).run(draws, seed)


def _handed_in(kernel: Any, kind: str | None, beside: Beside) -> handed_in.HandedIn:
    """Raises BadInput for an object with state, whose parameters its reference would have to be told of."""
    if isinstance(kernel, tuple) and len(kernel) == 2 and all(each is None or callable(each) for each in kernel):
        if kernel == (None, None):
            raise BadInput("a kernel has a forward, a backward, or both; got None twice")
        return handed_in.of_pair(*kernel, beside)
    # any callable is PyTorch's: those of JAX that have a rule of their own are seen by their type
    of_jax = type(kernel).__module__.partition(".")[0] in ("jax", "jaxlib")
    plain = callable(kernel) and not inspect.isclass(kernel) and not hasattr(kernel, "backward") and not of_jax
    found = kind or ("torch" if plain else kind_of_code(kernel, calls_of(None, None)))
    if found == "torch":
        return handed_in.of_torch(kernel, beside)
    if found == "jax":
        return handed_in.of_jax(kernel)
    raise BadInput(
        "beside a reference verify_rule takes functions: a (forward, backward) pair, one of which may be None, or "
        "a callable of PyTorch's or JAX's (kind='jax' for a plain one); check_layer(..., reference=...) checks objects"
    )
