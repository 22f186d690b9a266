"""Several cases as one: their networks side by side, each a branch, their outputs laid flat and put one behind another.

A branch does not know of the others, so that each rule has the cotangent, the values and the options that were drawn
for it alone. Only inputs are shared, where two branches were drawn alike: then several rules read one array.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from backcheck.strategies.arrays import ArrayRecipe, explicit
from backcheck.strategies.case import Case, CaseError, shapes_of
from scratch_bp.network import ArraySpec, Network, Node

NAME = re.compile(r"(?P<stem>.*?)(?P<number>\d*)(?P<end>_*(\.\d+)?)")


def branched(parts: Sequence[Case]) -> Case:
    """The case of all these; of a single one that one itself."""
    if len(parts) == 1:
        return parts[0]
    if len({part.dtype for part in parts}) != 1:
        raise CaseError(f"cases side by side have one dtype, got {sorted({part.dtype for part in parts})}")
    specs, recipes = dict[str, ArraySpec](), dict[str, ArrayRecipe]()
    nodes, outputs, dy = list[Node](), list[str](), list[np.ndarray]()
    for part in parts:
        names = _names(part, len(nodes))
        names |= _shared(part, specs, recipes)
        specs |= {names[name]: spec for name, spec in part.network.arrays.items() if names[name] not in specs}
        recipes = {**{names[name]: recipe for name, recipe in part.arrays.items()}, **recipes}
        nodes += [replace(n, name=names[n.name], reads=tuple(names[r] for r in n.reads)) for n in part.network.nodes]
        for output, cotangent in _outputs(part):
            outputs.append(names[output])
            dy.append(cotangent)
    flat = [f"h{len(nodes) + at}" for at in range(1, len(outputs) + 1)]
    nodes += [Node(name, "flatten", (output,)) for name, output in zip(flat, outputs, strict=True)]
    last = Node(f"h{len(nodes) + 1}", "concat", tuple(flat))
    together = explicit(np.concatenate([np.ravel(each) for each in dy]))
    return Case(Network(specs, (*nodes, last), last.name), recipes, together, parts[0].dtype)


def _outputs(part: Case) -> Iterator[tuple[str, np.ndarray]]:
    """The output and its cotangent; of a rule of several outputs the others too, with numbers of their own."""
    yield part.network.output, part.make()[1]
    node, dot, _ = part.network.output.rpartition(".")
    if not dot:
        return
    rng = np.random.Generator(np.random.PCG64(len(part.network.nodes)))
    for name, shape in shapes_of(part.network).items():
        if name.rpartition(".")[0] == node and name != part.network.output:
            yield name, np.asarray(rng.integers(-8, 9, shape) / 4)


def _names(part: Case, before: int) -> dict[str, str]:
    """The name of each array and value behind so many nodes: `w1` is `w5` behind four of them."""
    values = {name for node in part.network.nodes for name in (node.name, *node.reads)}
    values |= {name for name, _ in _outputs(part)}
    return {name: _later(name, before) for name in (*part.network.arrays, *values)}


def _later(name: str, before: int) -> str:
    found = NAME.fullmatch(name)
    assert found is not None  # every name fits
    number = int(found["number"] or bool(before)) + before
    return f"{found['stem']}{number or ''}{found['end']}"


def _shared(part: Case, specs: dict[str, ArraySpec], recipes: dict[str, ArrayRecipe]) -> dict[str, str]:
    """Its input is one that is there already, where that has the same shape, profile and memory layout."""
    spec, recipe = part.network.arrays["x"], part.arrays["x"]
    alike = [
        name
        for name, other in specs.items()
        if other == spec and (recipes[name].profile, recipes[name].layout) == (recipe.profile, recipe.layout)
    ]
    return {"x": alike[0]} if alike and spec.domain is None and spec.role == "input" else {}
