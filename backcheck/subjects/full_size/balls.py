"""The truth about a problem of many entries: its forward on arrays of balls, differentiated by PyTorch below autograd.

The truth is the derivative of the code's own forward, in float64 with its proved radius. The tolerance is what rounding
in the arrays' dtype may do to it, as for a kernel beside its reference (`inside=`): in float64 both are of one size and
are added, below that the first is 2^-29 of the second.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from backcheck.keys import TensorKey, gradient
from backcheck.problem import Problem
from backcheck.subjects.kernels.asked.models import promised
from backcheck.time_limit import OutOfTime
from backcheck.verdicts.truth.tolerance import Known
from backcheck_reference.frontends.torch_code.tensor_balls import Balls, Enclosed, enclose
from backcheck_reference.lazy import Unavailable, torch
from backcheck_reference.numbers.tensor_balls.rounding import Rounding

DTYPES = ("float32", "float64")  # those that ordinary code computes in
OnTensors = Callable[..., tuple[Any, ...]]
OWN = {"float64": 1.0, "float32": 2.0**-29}  # the radius of float64 itself, in parts of that of the dtype


@dataclass(frozen=True, slots=True)
class RuleOnBalls:
    """The truth with the tolerance that the code's own rule has, and the rule's gradients in float64."""

    known: Mapping[TensorKey, Known]
    gradients: Mapping[TensorKey, np.ndarray]


@dataclass(frozen=True)
class BallTruth:
    """The truth about every tensor of a problem.

    `rule` has the code's own gradients, where it can run on balls, and `shapes` are those of the outputs of floats,
    which dy goes along.
    """

    problem: Problem
    forward: OnTensors
    rule: OnTensors | None = None
    shapes: list[tuple[int, ...]] = field(default_factory=list)

    @property
    def rounding(self) -> Rounding:
        return promised(None, self.problem.dtype).rounding()

    @cached_property
    def tensors(self) -> list[Any]:
        return list(map(as_tensor, self.problem.arrays.values()))

    @property
    def wanted(self) -> list[int]:
        names = list(self.problem.arrays)
        return [names.index(name) for name in self.problem.wanted]

    def enclosed(self, dy: np.ndarray | None = None, unknown: Mapping[int, Any] | None = None) -> Enclosed:
        """The values as balls, and with a cotangent the gradients. Raises Unavailable, with the reason, for none."""
        names, places = list(self.problem.arrays), self.problem.network.nodes[0].reads

        def function(*given: Any) -> Any:
            # a function that reads one array in two places is given it in both
            outputs = self.forward(*(given[names.index(name)] for name in places))
            self.shapes[:] = [tuple(each.shape) for each in outputs]
            return outputs[0] if len(outputs) == 1 else torch.cat([each.reshape(-1) for each in outputs])

        floats = [at for at, each in enumerate(self.tensors) if each.is_floating_point()]
        ups = None if dy is None else [as_tensor(dy)]
        try:
            return enclose(function, self.tensors, ups, self.wanted, self.rounding, floats, unknown=unknown)
        except (Unavailable, OutOfTime):
            raise
        except Exception as error:  # somebody's code on arrays that it was not written for
            raise Unavailable(f"on balls it raises {type(error).__name__}: {error}") from error

    def parts_of(self, packed: Any) -> list[Any]:
        """What goes along all outputs end to end, for each of them."""
        ends = np.cumsum([int(np.prod(shape, dtype=int)) for shape in self.shapes])[:-1].tolist()
        flat = packed.reshape(-1)
        return [part.reshape(shape) for part, shape in zip(flat.tensor_split(ends), self.shapes, strict=True)]

    def rounding_of_rule(self, known: Mapping[TensorKey, Known]) -> "RuleOnBalls | None":
        """What rounding may do to the code's own gradients, and what they are in float64; None where none can tell."""
        if self.rule is None:
            return None
        dys = self.parts_of(as_tensor(self.problem.dy))
        floats = [at for at, each in enumerate(self.tensors) if each.is_floating_point()]
        try:
            found = enclose(self.rule, [*self.tensors, *dys], None, (), self.rounding, floats).outputs
            balls = [_arrays(found[at]) for at in self.wanted]
        except OutOfTime:
            raise
        except Exception:  # somebody's code on arrays that it was not written for
            return None
        pairs = dict(zip(self.problem.gradients, balls, strict=True))
        if any(mid.shape != known[key].hi.shape for key, (mid, _) in pairs.items()):
            return None
        allowed = {
            key: replace(known[key], allowed=np.where(np.isfinite(rad), rad, np.inf) + own_radius(known[key]))
            for key, (_, rad) in pairs.items()
        }
        return RuleOnBalls({**known, **allowed}, {key: mid for key, (mid, _) in pairs.items()})

    def of_value(self, found: Enclosed) -> Known:
        """The truth of the forward value, as the engine has it: several outputs end to end."""
        return self._known(*_arrays(found.outputs[0]))

    def of_gradients(self, found: Sequence[Any]) -> dict[TensorKey, Known]:
        """The truth of each gradient."""
        known = {}
        for name, each in zip(self.problem.wanted, found, strict=True):
            zeros = np.zeros(self.problem.arrays[name].shape)
            known[gradient(name)] = self._known(*((zeros, zeros) if each is None else _arrays(each)))
        return known

    def _known(self, mid: np.ndarray, rad: np.ndarray) -> Known:
        dtype = self.problem.dtype
        return Known(dtype, mid, np.broadcast_to(0.0, mid.shape), rad * (1 + OWN[dtype]))


def as_tensor(array: np.ndarray) -> Any:
    """An array as a tensor of its shape, () too."""
    return torch.from_numpy(np.ascontiguousarray(array)).reshape(array.shape)


def own_radius(known: Known) -> np.ndarray:
    """How far the truth of balls itself may be off: a share of what is allowed."""
    return known.allowed * (OWN[known.dtype] / (1 + OWN[known.dtype]))


def _arrays(balls: Any) -> tuple[np.ndarray, np.ndarray]:
    if not isinstance(balls, Balls):
        raise Unavailable("an output of floats that no ball came out for")
    return balls.mid.detach().numpy(), balls.rad.numpy()
