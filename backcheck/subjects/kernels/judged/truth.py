"""The truth beside a kernel: the reference's values and derivative, and what each precision model allows.

The reference's own operations, forward and backward, run on arrays of balls: the middles are its values in float64, the
radii are how far a kernel may be from them that keeps the model. The finest model is asked first; the next one only
where a kernel is not explained.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from backcheck.errors import BadInput
from backcheck.subjects.kernels.asked.models import BITS, LARGEST, Model, is_coarser
from backcheck.subjects.kernels.asked.question import DTYPES, Question, name_of_dtype
from backcheck.subjects.kernels.judged.allowed import Allowance
from backcheck.time_limit import OutOfTime
from backcheck_reference.frontends.torch_code.tensor_balls import Balls, Enclosed, enclose
from backcheck_reference.lazy import Unavailable, torch
from backcheck_reference.numbers.tensor_balls.rounding import Rounding


@dataclass
class KernelTruth:
    """The reference at the tensors of a question and at one cotangent, under any model.

    The promised model and the finer ones are asked for the worst case: what is within it passes. A coarser one is no
    promise, and its worst case may be so wide that anything is within it: it is asked for what is likely.
    """

    question: Question
    cotangents: Sequence[Any]
    enclosed: dict[Rounding, Enclosed] = field(default_factory=dict)

    def under(self, model: Model, likely: bool = False) -> Enclosed:
        """Raises Unavailable, with the reason, where the reference cannot run on balls."""
        rounding = model.rounding(self.question.fast, likely=likely or is_coarser(model, self.question.model))
        if rounding not in self.enclosed:  # how a result is rounded at the end is no part of it
            self.enclosed[rounding] = self._exact_where_whole(rounding)
        return self.enclosed[rounding]

    def _exact_where_whole(self, rounding: Rounding) -> Enclosed:
        """Without radii where all that leads to a tensor are sums of products of whole numbers, which nothing rounds.

        A tensor of which only some steps are exact is bounded as any other: another form of it has other steps.
        """
        floats = [each for each in self.question.tensors if each.is_floating_point()]
        if not all(map(_are_whole, floats)):
            return self._enclosed(rounding)
        exact = self._enclosed(replace(rounding, whole=True))
        if all(map(_is_exact, (*exact.outputs, *exact.gradients))):
            return exact
        pairs = zip(exact, self._enclosed(rounding), strict=True)
        mixed = [tuple(a if _is_exact(a) else b for a, b in zip(*pair, strict=True)) for pair in pairs]
        return Enclosed(*mixed)

    def _enclosed(self, rounding: Rounding) -> Enclosed:
        asked = self.question

        def reference(*tensors: Any) -> Any:
            return asked.reference(*tensors, **asked.config)

        ties = [at for at, each in enumerate(asked.tensors) if each.is_floating_point()]
        dys = [dy.to("cpu") for dy in self.cotangents if dy is not None]
        try:
            return enclose(reference, asked.on_cpu, dys, asked.wanted, rounding, ties)
        except (Unavailable, OutOfTime):
            raise
        except Exception as error:
            first = (str(error).splitlines() or [""])[0]
            raise Unavailable(f"the reference raises on balls {type(error).__name__}: {first}") from error

    @cached_property
    def may_overflow(self) -> bool:
        """May a right kernel overflow here?

        In some form of the same function it multiplies two of the numbers that it is given, as when it squares the
        largest: one whose square is beyond what the sums hold says nothing of kernels.
        """
        given = [each for each in (*self.question.tensors, *self.cotangents) if each is not None and each.numel()]
        sizes = [each.detach().double().abs() for each in given if each.is_floating_point()]
        most = max((float(each[each.isfinite()].max()) for each in sizes if bool(each.isfinite().any())), default=0.0)
        return bool(most > LARGEST[self.question.model.sums] ** 0.5)

    def of_output(self, at: int, model: Model, dtype: str, likely: bool = False) -> Allowance | None:
        """The truth of an output; None for one of integers, which no gradient goes through."""
        found = self.under(model, likely).outputs[at]
        return _allowance(found, dtype, model) if isinstance(found, Balls) else None

    def of_integers(self, at: int) -> tuple[Any, Any]:
        """The integers or booleans of an output, and where they are open: equal entries, or a choice of rounding's."""
        found = self.under(self.question.model).outputs[at]
        return (
            (found.mid, found.rad) if isinstance(found, Balls) else (found, torch.zeros_like(found, dtype=torch.bool))
        )

    def of_gradient(self, at: int, model: Model, dtype: str, likely: bool = False) -> Allowance:
        """The truth of the gradient by the tensor at this place: zero where the value does not depend on it."""
        found = self.under(model, likely).gradients[self.question.wanted.index(at)]
        if found is None:
            zeros = np.zeros(tuple(self.question.tensors[at].shape))
            return Allowance(zeros, zeros, dtype, model)
        return _allowance(found, dtype, model)


def _are_whole(tensor: Any) -> bool:
    """Are all its numbers whole ones? Its first row tells mostly that they are not."""
    parts = (tensor[:1], tensor) if tensor.dim() else (tensor,)
    return all(bool((each == each.round()).all()) for each in parts)


def _is_exact(found: Any) -> bool:
    """Is it a tensor without radii, or none that has some?"""
    return not isinstance(found, Balls) or not bool(found.rad.any())


def _allowance(balls: Any, dtype: str, model: Model) -> Allowance:
    return Allowance(balls.mid.numpy(), balls.rad.numpy(), dtype, model)


def plain_outputs(question: Question) -> tuple[Any, ...]:
    """The reference's outputs at the kernel's own numbers, computed in float64: their shapes, and whether it runs.

    Raises BadInput where it does not, or gives something else than tensors. Forms without memory, where they are known.
    """
    if question.outputs is not None:
        return question.outputs
    given = [each.double() if each.is_floating_point() else each for each in question.on_cpu]
    try:
        with torch.no_grad():
            result = question.reference(*given, **question.config)
    except Unavailable:
        raise
    except Exception as error:
        first = (str(error).splitlines() or [""])[0]
        shapes = ", ".join(f"{n}{list(t.shape)}" for n, t in zip(question.names, given, strict=True))
        raise BadInput(
            f"reference= is called as the kernel is, with {shapes}, and raises {type(error).__name__}: {first}"
        ) from error
    outputs = tuple(result) if isinstance(result, tuple | list) else (result,)
    for each in outputs:
        if not isinstance(each, torch.Tensor):
            raise BadInput(f"reference= must return what the kernel returns; it returned {type(each).__name__}")
    return outputs


def require_alike(question: Question, own: Sequence[Any], others: Sequence[Any]) -> None:
    """Raises BadInput where the kernel's outputs and the reference's are not of the same number and shapes."""
    require_judged(question, own)
    shapes, wanted = ([list(each.shape) for each in some] for some in (own, others))
    if shapes != wanted:
        raise BadInput(
            f"{question.name} returns {_said(shapes)}, and its reference {_said(wanted)}: they must be one function, "
            "with the same outputs in the same shapes"
        )
    kinds = [each.is_floating_point() for each in own]
    if kinds != [each.is_floating_point() for each in others]:
        raise BadInput(f"{question.name} and its reference must return numbers of the same kinds, floats or integers")


def require_judged(question: Question, own: Sequence[Any]) -> None:
    """Raises BadInput for an output of numbers whose rounding is not known, such as float8 or complex ones."""
    for each in own:
        dtype = name_of_dtype(each)
        if each.dtype.is_complex or (each.is_floating_point() and dtype not in BITS):
            raise BadInput(
                f"{question.name} returns {dtype}; outputs of {', '.join(DTYPES)} and of integers are judged"
            )


def _said(shapes: Sequence[Any]) -> str:
    return f"{len(shapes)} output{'s' if len(shapes) != 1 else ''} of {', '.join(map(str, shapes))}"
