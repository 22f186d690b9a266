"""What can be drawn of each rule: one row per rule for its options, and its shapes, read from its own signature.

Shapes stand in one place only, the annotations of the rule's forward: `*batch n_in` and `n_in n_out` say which arrays
fit together, an optional array is `X | None`, integers are class indices, and an output of shape "" is a loss. The axes
`*broadcast` of an output are those of all its arrays, broadcast together; an axis of the output alone depends on the
options.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from inspect import Parameter, signature
from itertools import chain, zip_longest
from math import inf
from typing import Any, get_args, get_type_hints

import numpy as np

from scratch_bp.rules import RULES, Rule

Shape = tuple[int, ...]
Binding = dict[str, Any]  # an axis name to its size, a starred one to a tuple of sizes


class CatalogueError(ValueError):
    """A rule whose signature does not say which arrays fit it."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a rule's signature cannot say.

    config    its options and their choices, the default first if it is among them: a failure shrinks to the first
    axes      the options that name an axis of the first array; only those that the array has are drawn
    least     the smallest size that an axis of the first array may have, by its name or by the option that names it
    indices   for each array of class indices, the axis that it points into, or how many classes there are
    plain     the profile in which training starts an array; that value hides faults, so it is drawn often, not always
    weight    how often the rule is drawn, next to the others
    domain    for an array, the open interval outside of which the function is not defined; nobody can promise that
              what a random network computes lies there, so such a rule is for networks made by hand
    """

    config: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    axes: tuple[str, ...] = ()
    least: Mapping[str, int] = field(default_factory=dict)
    indices: Mapping[str, str] = field(default_factory=dict)
    plain: Mapping[str, str] = field(default_factory=dict)
    weight: int = 1
    domain: Mapping[str, tuple[float, float]] = field(default_factory=dict)


AXIS = {"dim": (-1, 0, 1, -2)}
KEEPDIM = {"keepdim": (False, True)}
REDUCTION = {"reduction": ("mean", "sum")}

# simplest first: a failure that any rule shows is shown on the first
CATALOGUE: Mapping[str, Row] = {
    "identity": Row(),
    "relu": Row(),
    # beyond 1, max(x, slope x) is another function; below 0, the sign of y no longer tells the branch
    "leaky_relu": Row({"negative_slope": (0.01, 0.25, 1.5, -0.5)}),
    "tanh": Row(),
    "sigmoid": Row(),
    # the function jumps where beta x = threshold: 1.9 is no binary fraction, so that lattice values never meet the jump
    "softplus": Row({"beta": (1.0, 2.0, 0.5), "threshold": (20.0, 1.9)}),
    "silu": Row(),
    "gelu": Row(),
    "add": Row(weight=2),
    "multiply": Row(weight=2),
    "dense": Row(plain={"b": "zeros"}, weight=4),
    "softmax": Row(AXIS, axes=("dim",)),
    "log_softmax": Row(AXIS, axes=("dim",)),
    "layer_norm": Row({"eps": (1e-5, 1e-3, 0.25)}, plain={"gamma": "ones", "beta": "zeros"}, weight=3),
    "abs": Row(),
    "square": Row(),
    "exp": Row(),
    "sqrt": Row(domain={"x": (0, inf)}),
    "log": Row(domain={"x": (0, inf)}),
    "softsign": Row(),
    # the default leaves both ends out, which is refused: here max always stands
    "clamp": Row({"min": (None, -0.5, -2.0), "max": (1.0, 0.5, 2.0)}),
    "hardtanh": Row({"min_val": (-1.0, -0.5, -2.0), "max_val": (1.0, 0.5, 2.0)}),
    "relu6": Row(),
    "elu": Row({"alpha": (1.0, 0.5, 2.0)}),
    "maximum": Row(),
    "minimum": Row(),
    "max": Row({**AXIS, **KEEPDIM}, axes=("dim",)),
    "amax": Row({**AXIS, **KEEPDIM}, axes=("dim",)),
    "sum": Row({**AXIS, **KEEPDIM}, axes=("dim",)),
    "mean": Row({**AXIS, **KEEPDIM}, axes=("dim",)),
    "var": Row({**AXIS, "correction": (1, 0), **KEEPDIM}, axes=("dim",), least={"dim": 2}),
    "norm": Row({**AXIS, **KEEPDIM}, axes=("dim",)),
    # a length of 3 takes every window here, padded or not
    "max_pool1d": Row(
        {"kernel_size": (2, 3), "stride": (None, 1, 2, 3), "padding": (0, 1)}, least={"length": 3}, weight=4
    ),
    "rms_norm": Row({"eps": (1e-5, 1e-3, 0.25)}, plain={"weight": "ones"}),
    "batch_norm": Row({"eps": (1e-5, 1e-3, 0.25)}, plain={"weight": "ones", "bias": "zeros"}, least={"batch": 2}),
    "dropout": Row({"p": (0.5, 0.25, 0.0)}, indices={"mask": "2"}),
    "mse": Row(REDUCTION),
    "mae": Row(REDUCTION),
    "huber": Row({"delta": (1.0, 0.5, 2.0), **REDUCTION}),
    "bce_with_logits": Row(REDUCTION),
    "cross_entropy": Row(REDUCTION, indices={"target": "classes"}, weight=2),
    "margin_ranking": Row({"margin": (0.0, 0.5, 1.0), **REDUCTION}),
    "nll": Row(REDUCTION, indices={"target": "classes"}, weight=2),
    "bce": Row(REDUCTION, domain={"x": (0, 1)}),
    "l2_penalty": Row({"weight_decay": (0.01, 0.5)}),
}


@dataclass(frozen=True, slots=True)
class Slot:
    """One array of a rule: its name, its axes, whether it may be left out and whether it holds class indices."""

    name: str
    dims: tuple[str, ...]
    optional: bool = False
    integer: bool = False

    @property
    def carries(self) -> bool:
        """Whether it takes data of any rank, as an activation does; a weight has a fixed rank."""
        return self.dims[:1] != () and self.dims[0].startswith("*")


@dataclass(frozen=True, slots=True)
class RuleShapes:
    """The arrays of a rule in order, the axes of its output, and its options with their defaults."""

    arrays: tuple[Slot, ...]
    output: tuple[str, ...]
    defaults: Mapping[str, Any]
    forward: Callable[..., Any]

    @property
    def is_loss(self) -> bool:
        return not self.output

    @property
    def broadcasts(self) -> bool:
        return "*broadcast" in self.output

    def read(self, position: int, shape: Shape, bound: Binding) -> Binding | None:
        """What is bound once the array at `position` has `shape`; None where it does not fit what is bound so far."""
        known = bind(self.arrays[position].dims, shape, bound)
        if known is None or not self.broadcasts:
            return known
        together = broadcast([sizes for axis, sizes in known.items() if axis[0] == "*" and axis != "*broadcast"])
        return None if together is None else known | {"*broadcast": together}

    def result(self, bound: Binding, shapes: list[Shape], config: Mapping[str, Any]) -> Shape:
        """The shape of the output. Where it has an axis that no array has, the rule is run on zeros to see."""
        if all(axis in bound or axis.isdigit() for axis in self.output):
            return fill(self.output, bound)
        slots = self.arrays[: len(shapes)]
        zeros = (np.zeros(shape, int if s.integer else float) for shape, s in zip(shapes, slots, strict=True))
        return np.shape(self.forward(*zeros, **config)[0])


def signature_of(rule: str, rules: Mapping[str, Rule] = RULES) -> RuleShapes:
    """The shapes that the rule's forward announces."""
    if rule not in rules:
        raise CatalogueError(f"no rule {rule!r}; known are {', '.join(sorted(rules))}")
    try:
        return _read_signature(rules[rule].forward)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise CatalogueError(
            f"{rule}: every array and the result of forward need a jaxtyping annotation such as "
            f'Shaped[np.ndarray, "*batch n"], got {signature(rules[rule].forward)}: {error}'
        ) from error


def bind(dims: tuple[str, ...], shape: Shape, known: Mapping[str, Any]) -> Binding | None:
    """`known` and the sizes that these axes take in `shape`; None where the two do not fit."""
    star = next((i for i, axis in enumerate(dims) if axis[0] == "*"), None)
    spread = len(shape) - len(dims) + 1
    sizes: tuple[Any, ...] = shape
    if star is not None and spread >= 0:
        sizes = (*shape[:star], shape[star : star + spread], *shape[star + spread :])
    if len(sizes) != len(dims):
        return None
    bound = dict(known)
    for axis, size in zip(dims, sizes, strict=True):
        if (int(axis) if axis.isdigit() else bound.setdefault(axis, size)) != size:
            return None
    return bound


def fill(dims: tuple[str, ...], bound: Mapping[str, Any]) -> Shape:
    """The shape of these axes, all of which are bound."""
    sizes = [int(axis) if axis.isdigit() else bound[axis] for axis in dims]
    return tuple(chain.from_iterable(size if isinstance(size, tuple) else (size,) for size in sizes))


def broadcast(shapes: list[Shape]) -> Shape | None:
    """The shape of arrays of these shapes broadcast together; None where they do not fit."""
    columns = list(zip_longest(*(reversed(shape) for shape in shapes), fillvalue=1))
    sizes = [max(column) for column in columns]
    fits = all(n in (1, size) for size, column in zip(sizes, columns, strict=True) for n in column)
    return tuple(reversed(sizes)) if fits else None


@lru_cache(maxsize=1024)
def _read_signature(forward: Callable[..., Any]) -> RuleShapes:
    hints = get_type_hints(forward)
    parameters = signature(forward).parameters.values()
    arrays = tuple(_slot(p.name, hints[p.name]) for p in parameters if p.kind is not Parameter.KEYWORD_ONLY)
    defaults = {p.name: p.default for p in parameters if p.kind is Parameter.KEYWORD_ONLY}
    return RuleShapes(arrays, _dims(get_args(hints["return"])[0]), defaults, forward)


def _slot(name: str, hint: Any) -> Slot:
    choices = [choice for choice in get_args(hint) if choice is not type(None)]
    array = choices[0] if choices else hint
    integer = isinstance(array.dtypes, tuple | list) and all(
        dtype.startswith(("int", "uint")) for dtype in array.dtypes
    )
    return Slot(name, _dims(array), optional=bool(choices), integer=integer)


def _dims(array: Any) -> tuple[str, ...]:
    dims = tuple(array.dim_str.split())
    for axis in dims:
        if not axis.removeprefix("*").isidentifier() and not axis.isdigit():
            raise TypeError(f"the axis {axis!r} is neither a name, a starred name nor a number")
    return dims
