"""Which tensor a verdict is about: a value, a gradient, a product or a promise, of the whole network or of one node.

A key is data with a field for each question. As text, in records and on pages, it is short: `output`, `x`, `H.x` for
the Hessian-vector product by x, `h1.w` for an argument of the node h1 by itself, `h1.linear` for a promise of its rule.
Texts are only shown: an array may itself be called `H.x`, so nothing is ever read back from them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from backcheck_reports import record

Array = TypeVar("Array")


class TensorKind(StrEnum):
    """What the tensor is."""

    VALUE = "value"  # what the forward computes
    GRADIENT = "gradient"  # by an array of the network, or by an argument of a node by itself
    PRODUCT = "product"  # the Hessian-vector product, by an array
    PROMISE = "promise"  # no tensor: what every rule promises beside its gradients


@dataclass(frozen=True, slots=True)
class TensorKey:
    """`name` is that of an array, of a node's argument or of a promise. `node` is empty for the whole network."""

    name: str
    kind: TensorKind = TensorKind.GRADIENT
    node: str = ""

    def __str__(self) -> str:
        name = f"H.{self.name}" if self.kind is TensorKind.PRODUCT else self.name
        return f"{self.node}.{name}" if self.node else name


OUTPUT = TensorKey(record.OUTPUT, TensorKind.VALUE)


def gradient(name: str, node: str = "") -> TensorKey:
    """The gradient by an array of the network, or by an argument of one node by itself."""
    return TensorKey(name, TensorKind.GRADIENT, node)


def product(name: str) -> TensorKey:
    """The Hessian-vector product by an array of the network."""
    return TensorKey(name, TensorKind.PRODUCT)


def promise(name: str, node: str) -> TensorKey:
    """A promise that every rule makes, and this node keeps or breaks."""
    return TensorKey(name, TensorKind.PROMISE, node)


def keyed(value: Array, gradients: Mapping[str, Array]) -> dict[TensorKey, Array]:
    """The value and the gradients by array, as every party answers them, by their keys."""
    return {OUTPUT: value, **{gradient(name): found for name, found in gradients.items()}}
