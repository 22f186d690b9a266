"""The way in for kernels that are fuzzed."""

from collections.abc import Mapping, Sequence
from typing import Any

from backcheck.errors import BadInput
from backcheck.signature import without_options
from backcheck.subjects.drawn.families import kind_of_code
from backcheck.subjects.drawn.shapes import describe
from backcheck.subjects.first_call import Names
from backcheck.subjects.fuzz.verification import Verification
from backcheck.subjects.kernels.beside import Beside
from backcheck.subjects.kernels.cases import KernelCase, KernelPlan
from backcheck.subjects.kernels.forms import jax_kernel, pair_kernel, torch_kernel
from backcheck.subjects.kernels.models import promised
from backcheck.subjects.kernels.question import Question, narrowest, positions
from backcheck.subjects.kernels.references import kind_of, reference_as_torch
from backcheck.subjects.kernels.truth import plain_outputs
from backcheck.subjects.kernels.verify import KernelHunt
from backcheck.subjects.pairs import framework_callables
from backcheck.subjects.pairs.source_text import called, import_lines
from backcheck.subjects.stateful.calls import calls_of
from backcheck.subjects.user_code import PAIR, name_of_framework
from backcheck_reference.frontends.torch_code.callable import as_array


def verify_kernel(
    kernel: Any, arrays: Any, beside: Beside, config: Mapping[str, Any], said: str | None, dtypes: Sequence[str],
    draws: int, number: int, fixed: Names,
) -> Verification:  # fmt: skip
    """Many drawn cases of a kernel: a callable of a framework, or two functions of which one may be None."""
    kind = _kind_of(kernel, said)
    forward, backward = kernel if kind == "pair" else (kernel, None)
    main = forward if forward is not None else beside.reference
    signature = main if kind == "pair" else framework_callables.signature_of(framework_callables.whole_function(main))
    described = describe(without_options(signature, config), arrays)
    name = name_of_framework(framework_callables.whole_function(main))
    reference: dict[str, Any] = {}

    def made(tensors: Sequence[Any], options: Mapping[str, Any]) -> Question:
        own = tuple(each.name for each in described)
        if "kind" not in reference:
            values = [as_array(each) for each in tensors]
            reference["kind"] = kind if kind != "pair" else kind_of(beside.reference, values, options)
            reference["function"] = reference_as_torch(beside.reference, reference["kind"])
        wanted = positions(beside.wrt, own, tensors, fixed)
        wanted = () if (kind == "pair" and backward is None) or beside.out is not None else wanted
        form = {
            "pair": lambda: pair_kernel(forward, backward, wrt=wanted),
            "torch": lambda: torch_kernel(kernel, wrt=wanted, out=beside.out),
            "jax": lambda: jax_kernel(kernel, wrt=wanted),
        }[kind]()
        lines = import_lines(*(each for each in (forward, backward) if each is not None))
        call = f"backcheck.check_vjp({'None' if forward is None else called(forward, PAIR[0])}, "
        call += f"{'None' if backward is None else called(backward, PAIR[1])}," if kind == "pair" else ""
        return Question(
            name=name,
            kernel=form,
            reference=reference["function"],
            names=own,
            tensors=tuple(tensors),
            wanted=wanted,
            config=dict(options),
            model=promised(beside.inside, narrowest(tensors)),
            fast=beside.fast,
            seed=number,
            out=beside.out is not None,
            backward_only=forward is None,
            source=("import numpy as np", "import torch", "import backcheck", *lines, *beside.lines),
            call=call if kind == "pair" else f"backcheck.check_{kind}({called(kernel)},",
            options=beside.options,
        )

    def outputs(case: KernelCase) -> Sequence[Any]:
        found = plain_outputs(made(case.tensors(), case.config))
        return [tuple(each.shape) if each.is_floating_point() else None for each in found]

    plan = KernelPlan(described, config, dtypes, outputs)
    hunt = KernelHunt(name, plan, lambda case: made(case.tensors(), case.config))
    return hunt.run(draws, number)


def _kind_of(kernel: Any, said: str | None) -> str:
    """Raises BadInput for an object with state, whose parameters its reference would have to be told of."""
    if isinstance(kernel, tuple) and len(kernel) == 2 and all(each is None or callable(each) for each in kernel):
        kind = "pair"
    else:
        kind = said or kind_of_code(kernel, calls_of(None, None))
    if kind not in ("pair", "torch", "jax"):
        raise BadInput(
            "beside a reference verify_rule takes functions: a (forward, backward) pair, one of which may be None, or "
            "a callable of PyTorch's or JAX's; check_layer(..., reference=...) checks an object"
        )
    return kind
