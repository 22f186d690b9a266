"""The truth about a problem of many entries: its forward on arrays of balls, differentiated by PyTorch below autograd.

The truth is the derivative of the code's own forward, in float64 with its proved radius. The tolerance is what rounding
in the arrays' dtype may do to it, as for a kernel beside its reference (`inside=`): in float64 both are of one size and
are added, below that the first is 2^-29 of the second.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from backcheck.keys import OUTPUT, TensorKey, gradient
from backcheck.problem import Problem
from backcheck.subjects.full_size.forward import OnTensors
from backcheck.subjects.kernels.asked.models import promised
from backcheck.time_limit import OutOfTime
from backcheck.verdicts.truth.tolerance import Known
from backcheck_reference.frontends.torch_code.tensor_balls import Balls, Enclosed, enclose
from backcheck_reference.lazy import Unavailable, torch
from backcheck_reference.numbers.tensor_balls.rounding import Rounding

DTYPES = ("float32", "float64")  # those that ordinary code computes in
OWN = {"float64": 1.0, "float32": 2.0**-29}  # the radius of float64 itself, in parts of that of the dtype


@dataclass(frozen=True)
class BallTruth:
    """The truth about every tensor of a problem. `shapes` are those of the outputs of floats, which dy goes along."""

    problem: Problem
    forward: OnTensors
    shapes: list[tuple[int, ...]] = field(default_factory=list)

    @property
    def rounding(self) -> Rounding:
        return promised(None, self.problem.dtype).rounding()

    @cached_property
    def tensors(self) -> list[Any]:
        return [torch.from_numpy(np.ascontiguousarray(each)) for each in self.problem.arrays.values()]

    @property
    def wanted(self) -> list[int]:
        names = list(self.problem.arrays)
        return [names.index(name) for name in self.problem.wanted]

    def enclosed(
        self, dy: np.ndarray, unknown: Mapping[int, Any] | None = None, unweighed: Sequence[Any] = ()
    ) -> Enclosed:
        """The values and gradients as balls. Raises Unavailable, with the reason, where there are none."""
        tensors, places = self.tensors, self.problem.network.nodes[0].reads
        names = list(self.problem.arrays)

        def function(*given: Any) -> tuple[Any, ...]:
            # a function that reads one array in two places is given it in both
            outputs = self.forward(*(given[names.index(name)] for name in places))
            self.shapes[:] = [tuple(each.shape) for each in outputs]
            return outputs

        floats = [at for at, each in enumerate(tensors) if each.is_floating_point()]
        try:
            if not self.shapes:
                with torch.no_grad():
                    function(*tensors)
            parts = self.parts_of(torch.from_numpy(np.ascontiguousarray(dy)))
            return enclose(
                function, tensors, parts, self.wanted, self.rounding, floats, unknown=unknown, unweighed=unweighed
            )
        except (Unavailable, OutOfTime):
            raise
        except Exception as error:  # somebody's code on arrays that it was not written for
            raise Unavailable(f"on balls it raises {type(error).__name__}: {error}") from error

    def parts_of(self, packed: Any) -> list[Any]:
        """What goes along all outputs end to end, for each of them."""
        ends = np.cumsum([int(np.prod(shape, dtype=int)) for shape in self.shapes])[:-1].tolist()
        flat = packed.reshape(-1)
        return [part.reshape(shape) for part, shape in zip(flat.tensor_split(ends), self.shapes, strict=True)]

    def known(self, dy: np.ndarray) -> dict[TensorKey, Known]:
        """The truth of the value and of each gradient for this cotangent."""
        return self.read(self.enclosed(dy))

    def read(self, found: Enclosed) -> dict[TensorKey, Known]:
        outputs = [_arrays(each) for each in found.outputs]
        shape = self.problem.dy.shape
        value = [np.concatenate([each[at].ravel() for each in outputs]).reshape(shape) for at in (0, 1)]
        known = {OUTPUT: self._known(*value)}
        for name, each in zip(self.problem.wanted, found.gradients, strict=True):
            zeros = np.zeros(self.problem.arrays[name].shape)
            known[gradient(name)] = self._known(*((zeros, zeros) if each is None else _arrays(each)))
        return known

    def _known(self, mid: np.ndarray, rad: np.ndarray) -> Known:
        dtype = self.problem.dtype
        return Known(dtype, mid, np.broadcast_to(0.0, mid.shape), rad * (1 + OWN[dtype]))


def own_radius(known: Known) -> np.ndarray:
    """How far the truth of balls itself may be off: a share of what is allowed."""
    return known.allowed * (OWN[known.dtype] / (1 + OWN[known.dtype]))


def _arrays(balls: Any) -> tuple[np.ndarray, np.ndarray]:
    if not isinstance(balls, Balls):
        raise Unavailable("an output of floats that no ball came out for")
    return balls.mid.detach().numpy(), balls.rad.numpy()
