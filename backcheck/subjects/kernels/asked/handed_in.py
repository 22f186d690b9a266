"""A kernel as it was handed in, whatever it is: its name, how it is called, how a script has it, and what is asked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from backcheck.errors import BadInput
from backcheck.signature import takes
from backcheck.subjects.arrays import names_of
from backcheck.subjects.first_call import Names
from backcheck.subjects.kernels.asked.beside import Beside
from backcheck.subjects.kernels.asked.models import promised
from backcheck.subjects.kernels.asked.question import Question, narrowest, positions
from backcheck.subjects.kernels.asked.references import Framework, Trial, trial_of
from backcheck.subjects.kernels.calls.arrays import as_array
from backcheck.subjects.kernels.calls.forms import Kernel, jax_kernel, pair_kernel, torch_kernel
from backcheck.subjects.pairs import framework_callables
from backcheck.subjects.pairs.source_text import called, import_lines
from backcheck.subjects.user_code import PAIR, UserCode, name_of_framework

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class HandedIn:
    """`signature` has the names of the arrays, and `kernel` is the kernel for the places that gradients are asked by.

    `kind` is the framework that the reference is written in; None where that is to be seen, and `first` is then tried
    first. `forward_only` kernels have no gradients, `backward_only` ones no values.
    """

    name: str
    signature: Function
    kernel: Callable[[tuple[int, ...]], Kernel]
    source: tuple[str, ...]
    call: str
    kind: Framework | None = None
    forward_only: bool = False
    backward_only: bool = False
    first: Literal["numpy", "torch"] = "numpy"
    kinds: dict[str, Framework] = field(default_factory=dict)

    def names(self, beside: Beside, count: int) -> tuple[str, ...]:
        """What the kernel calls its arrays; where it takes any number of them, what the reference calls them."""
        return names_of(self.signature if len(takes(self.signature).names) >= count else beside.reference, count)

    def question(
        self, beside: Beside, names: Sequence[str], tensors: Sequence[Any], config: Mapping[str, Any] | None,
        seed: int, fixed: Names = (),
    ) -> Question:  # fmt: skip
        """What is asked at these tensors. Raises BadInput for a promise, a name or a reference that is none."""
        # what is written into buffers is not differentiated
        forward_only = self.forward_only or beside.out is not None
        model = promised(beside.inside, narrowest(tensors))
        kind, outputs = self._kind(beside, tensors, config or {})
        wanted = positions(() if forward_only and beside.wrt is None else beside.wrt, names, tensors, fixed)
        return Question(
            name=self.name,
            kernel=self.kernel(wanted),
            plain=beside.reference,
            kind=kind,
            names=tuple(names),
            tensors=tuple(tensors),
            wanted=wanted,
            config=dict(config or {}),
            model=model,
            fast=beside.fast,
            seed=seed,
            out=beside.out is not None,
            backward_only=self.backward_only,
            source=("import numpy as np", *self.source, *beside.lines),
            call=self.call,
            options=beside.options,
            outputs=outputs,
        )

    def _kind(
        self, beside: Beside, tensors: Sequence[Any], config: Mapping[str, Any]
    ) -> tuple[Framework, tuple[Any, ...] | None]:
        """The reference's framework, and the forms of its outputs where they were just seen.

        It is tried once: fuzzing asks for many tensors.
        """
        if self.kind is not None or self.kinds:
            return self.kind or self.kinds["of reference"], None
        # in float64 as they are asked for: PyTorch casts 16 bits ten times faster than NumPy does
        arrays = [as_array((each.double() if each.is_floating_point() else each).detach().cpu()) for each in tensors]
        try:
            found = trial_of(beside.reference, arrays, config, first=self.first)
        except BadInput:
            if self.first == "numpy":
                raise
            found = Trial("torch")  # what is wrong with it is said where it is called
        self.kinds["of reference"] = found.kind or self.first
        return self.kinds["of reference"], found.outputs


def of_torch(function: Any, beside: Beside) -> HandedIn:
    """A callable of PyTorch's tensors, an autograd.Function or its `apply`."""
    whole = framework_callables.whole_function(function)
    return HandedIn(
        name_of_framework(whole),
        framework_callables.signature_of(whole),
        lambda wanted: torch_kernel(function, wrt=wanted, out=beside.out),
        ("import torch", "import backcheck", *import_lines(whole)),
        f"backcheck.check_torch({called(whole)},",
        first="torch",
    )


def of_jax(function: Function) -> HandedIn:
    return HandedIn(
        name_of_framework(function),
        function,
        lambda wanted: jax_kernel(function, wrt=wanted),
        ("import backcheck", *import_lines(function)),
        f"backcheck.check_jax({called(function)},",
        kind="jax",
    )


def of_pair(forward: Function | None, backward: Function | None, beside: Beside) -> HandedIn:
    """Functions of NumPy arrays: forward and backward, or one of them alone."""
    own = {other: each for other, each in zip(PAIR, (forward, backward), strict=True) if each is not None}
    texts = ", ".join(called(own[other], other) if other in own else "None" for other in PAIR)
    return HandedIn(
        name_of_framework(next(iter(own.values()))),
        forward if forward is not None else beside.reference,
        lambda wanted: pair_kernel(forward, backward, wrt=wanted),
        ("import backcheck", *import_lines(*own.values(), otherwise=tuple(own))),
        f"backcheck.check_vjp({texts},",
        forward_only=backward is None,
        backward_only=forward is None,
    )


def of_layer(code: UserCode) -> HandedIn:
    """An object with state: its reference is a function of the inputs, and then of the parameters."""
    return HandedIn(
        code.name,
        code.signature,
        lambda wanted: pair_kernel(code.forward, code.backward, wrt=wanted),
        code.source,
        code.call,
    )
