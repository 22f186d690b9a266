"""One case: a network, a recipe for each of its arrays, the cotangent and the dtype. Its identity is its content."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from backcheck.errors import Unusable
from backcheck.strategies.arrays import ArrayRecipe, Shape, explicit, make
from backcheck.strategies.case_shape import CaseShape
from backcheck.strategies.layouts import CONTIGUOUS
from backcheck_reports.storage import schema
from scratch_bp.network import Network, Node, forward
from scratch_bp.rules import RULES, Rule

FORMAT = 1
CONSTANT = ("zeros", "ones")


class CaseError(Unusable):
    """A case whose parts do not fit together, or one written by another version."""


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that decides a gradient: run the network on the arrays and pull the cotangent back, in one dtype."""

    network: Network
    arrays: Mapping[str, ArrayRecipe]
    cotangent: ArrayRecipe
    dtype: str

    def __post_init__(self) -> None:
        want = {name: spec.shape for name, spec in self.network.arrays.items()}
        got = {name: recipe.shape for name, recipe in self.arrays.items()}
        if got != want:
            raise CaseError(f"a case needs one recipe for each array of its network: {want}; got {got}")

    @classmethod
    def of(cls, network: Network, arrays: Mapping[str, Any], dy: Any, dtype: str | None = None) -> "Case":
        """A case of arrays that exist already; the dtype is that of `dy` unless said."""
        recipes = {
            name: explicit(arrays[name], classes=spec.classes, domain=spec.domain)
            for name, spec in network.arrays.items()
        }
        return cls(network, recipes, explicit(dy), dtype or np.asarray(dy).dtype.name)

    def make(self) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """The arrays by name, and the cotangent of the output."""
        arrays = {name: make(recipe, self.dtype) for name, recipe in self.arrays.items()}
        return arrays, make(self.cotangent, self.dtype)

    @property
    def id(self) -> str:
        """A hash of the arrays that the recipes make, not of the recipes: the same arrays in the same memory are the
        same case."""
        arrays, dy = self.make()
        digest = hashlib.sha256(json.dumps([self.network.to_json(), self.dtype], sort_keys=True).encode())
        for name in sorted(arrays):
            digest.update(arrays[name].tobytes())
        digest.update(dy.tobytes())
        layouts = {name: recipe.layout for name, recipe in self.arrays.items() if recipe.layout != CONTIGUOUS}
        if layouts or self.cotangent.layout != CONTIGUOUS:
            digest.update(json.dumps([layouts, self.cotangent.layout], sort_keys=True).encode())
        return digest.hexdigest()[:12]

    @property
    def profile(self) -> str:
        """The profile that the arrays share, or "mixed". Constant ones (a gamma of ones) do not count."""
        profiles = [recipe.profile for recipe in self.arrays.values() if recipe.classes is None]
        varied = {profile for profile in profiles if profile not in CONSTANT} or set(profiles[:1])
        return varied.pop() if len(varied) == 1 else "mixed"

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "network": self.network.to_json(),
            "arrays": {name: recipe.to_json() for name, recipe in self.arrays.items()},
            "cotangent": self.cotangent.to_json(),
            "dtype": self.dtype,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Case":
        """Raises StoreError or CaseError for what is no case, RecipeError or NetworkError for one that cannot be."""
        if data.get("format") != FORMAT:
            raise CaseError(f"a case of format {FORMAT} is read here, got {data.get('format')!r}; is backcheck older?")
        data = schema.fit(data, CaseShape, "the case")
        return cls(
            network=Network.from_json(data["network"]),
            arrays={name: ArrayRecipe.from_json(recipe) for name, recipe in data["arrays"].items()},
            cotangent=ArrayRecipe.from_json(data["cotangent"]),
            dtype=data["dtype"],
        )


def shapes_of(network: Network, rules: Mapping[str, Rule] = RULES) -> dict[str, Shape]:
    """The shape of every array and value of the network, found by running it on zeros.

    A rule that is known here has the shapes of ours: a subject's version may raise, or return another shape.
    """
    zeros = {
        name: np.zeros(spec.shape, np.float64 if spec.classes is None else np.int64)
        for name, spec in network.arrays.items()
    }
    with np.errstate(all="ignore"):
        values = forward(network, zeros, {**rules, **RULES}).values
    return {name: np.shape(value) for name, value in values.items()}


def draw_as_text(network: Network, rules: Mapping[str, Rule] = RULES) -> str:
    """The network for a reader: one line where it is a chain, else one line per node; shapes where a name is new."""
    shapes = shapes_of(network, rules)
    return _as_chain(network, shapes) if _is_chain(network) else _as_lines(network, shapes)


def _is_chain(network: Network) -> bool:
    """Does each node read the one before it, as its first and only once, and no other node reads that one? And is the
    last node the output?"""
    names = [node.name for node in network.nodes]
    reads = [name for node in network.nodes for name in node.reads]
    steps = zip(names, network.nodes[1:], strict=False)
    return (
        bool(names)
        and network.output == names[-1]
        and set(reads) >= set(network.arrays)
        and all(node.reads[:1] == (before,) and reads.count(before) == 1 for before, node in steps)
    )


def _as_chain(network: Network, shapes: Mapping[str, Shape]) -> str:
    first = network.nodes[0].reads[0]
    shown = {first}
    calls = [_call(network, node, node.reads[1:], shapes, shown) for node in network.nodes]
    return " -> ".join([_shaped(network, first, shapes), *calls])


def _as_lines(network: Network, shapes: Mapping[str, Shape]) -> str:
    shown = set(shapes) - set(network.arrays)
    calls = [(node, _call(network, node, node.reads, shapes, shown)) for node in network.nodes]
    lines = [f"{_given(network, node.name, shapes)} = {call}" for node, call in calls]
    unread = [_shaped(network, name, shapes) for name in network.arrays if name not in shown]
    if unread:
        lines.append(f"unread: {', '.join(unread)}")
    if not network.nodes or network.output != network.nodes[-1].name:
        lines.append(f"output: {network.output}")
    return "\n".join(lines)


def _call(network: Network, node: Node, reads: tuple[str, ...], shapes: Mapping[str, Shape], shown: set[str]) -> str:
    arguments = []
    for name in reads:
        arguments.append(name if name in shown else _shaped(network, name, shapes))
        shown.add(name)
    arguments += [f"{option}={value!r}" for option, value in node.config.items()]
    return f"{node.rule}({', '.join(arguments)})" if arguments else node.rule


def _given(network: Network, node: str, shapes: Mapping[str, Shape]) -> str:
    """The value of a node, or each of its outputs."""
    names = [name for name in shapes if name == node or name.rpartition(".")[0] == node]
    return ", ".join(_shaped(network, name, shapes) for name in names)


def _shaped(network: Network, name: str, shapes: Mapping[str, Shape]) -> str:
    spec = network.arrays.get(name)
    classes = "" if spec is None or spec.classes is None else f" of {spec.classes} classes"
    return f"{name}[{','.join(map(str, shapes[name]))}]{classes}"
