"""A failure as data for a drawing: the network with the node at fault, and the error over the wrong tensor."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from backcheck.diagnosis.locate import Finding
from backcheck.keys import TensorKey, TensorKind
from backcheck.strategies.case import shapes_of
from backcheck.verdicts.check import Checked
from backcheck.verdicts.measure import explained
from backcheck.verdicts.parties import FRAMEWORKS
from backcheck.verdicts.truth.node import argument_names
from backcheck_reference.numbers.balls import BITS
from scratch_bp.network import Network
from scratch_bp.rules import RULES, Rule

MOST_SQUARES = 32  # along each side of a picture
# without the truth: how many roundings of the largest entry two answers may be apart before a picture shows an error
ROUNDINGS_WITHOUT_TRUTH = 1000


def graph(network: Network, broken: str, rules: Mapping[str, Rule] = RULES, *, case: str = "") -> dict[str, Any]:
    """The nodes and arrays by name, what each node reads, the shapes, and the name of the node at fault."""
    shapes = shapes_of(network, rules)
    several = {name.rpartition(".")[0]: shape for name, shape in reversed(shapes.items()) if "." in name}
    nodes = [
        {
            "name": n.name,
            "rule": n.rule,
            "reads": list(n.reads),
            "shape": list(shapes.get(n.name, several.get(n.name, ()))),
        }
        for n in network.nodes
    ]
    arrays = [{"name": name, "shape": list(spec.shape)} for name, spec in network.arrays.items()]
    title = f"The network{f' of case {case}' if case else ''}, the rule at fault marked"
    return {"title": title, "nodes": nodes, "arrays": arrays, "output": network.output, "broken": broken}


def heat(checked: Checked, finding: Finding) -> dict[str, Any] | None:
    """The error of the wrong tensor, as a multiple of what rounding explains; a large tensor is shown in blocks.

    Where the truth is not known entry by entry, the answer of a framework is taken, and named as `beside`. None if
    there is neither.
    """
    tensor, party = _tensor(checked, finding), finding.party
    got = checked.answers[party].tensors.get(tensor) if party in checked.answers else None
    if got is None or tensor.kind is TensorKind.PRODUCT or not got.size:
        return None
    error, beside = _errors(checked, tensor, party, got.astype(np.float64))
    if error is None or error.shape != got.shape:
        return None
    at = np.unravel_index(int(np.nan_to_num(error, nan=np.inf).argmax()), error.shape)
    index = f"{tensor}[{', '.join(map(str, map(int, at)))}]"
    named = {"tensor": str(tensor), "party": party, "dtype": checked.problem.dtype, "beside": beside}
    return {**named, "shape": list(error.shape), "index": index, **_grid(error)}


def _tensor(checked: Checked, finding: Finding) -> TensorKey:
    """A wrong tensor: the one that the argument at fault reads, else another of that node, else the first."""
    keys = [key for key in checked.disagreements if key[1] in (finding.party, "exact")] or list(checked.disagreements)
    wrong = [tensor for tensor, _ in keys]
    problem = checked.problem
    for node in problem.network.nodes:
        if node.name == finding.node:
            rule = RULES.get(node.rule) or problem.rules[node.rule]
            named = dict(zip(argument_names(rule, len(node.reads)), node.reads, strict=True))
            read, reads = named.get(finding.key.name), node.reads
            wrong = sorted(wrong, key=lambda key: (key.name != read, key.name not in reads))
    return wrong[0]


def _errors(checked: Checked, tensor: TensorKey, party: str, got: np.ndarray) -> tuple[np.ndarray | None, str]:
    """The errors, and the party against whose answer they are measured; "" for the truth."""
    known = checked.truth.known.get(tensor)
    if known is not None and known.hi.shape == got.shape:
        return explained(got, known), ""
    others = [name for name in FRAMEWORKS if name != party and name in checked.answers]
    beside = next((name for name in others if tensor in checked.answers[name].tensors), "")
    if not beside:
        return None, ""
    want = checked.answers[beside].tensors[tensor].astype(np.float64)
    unit = ROUNDINGS_WITHOUT_TRUTH * 2.0 ** -BITS[checked.problem.dtype] * float(abs(want).max(initial=0.0))
    return (abs(got - want) / unit if unit and want.shape == got.shape else None), beside


def shows(heat: Mapping[str, Any]) -> bool:
    """Is any entry further off than rounding explains?"""
    return any(value is not None and value > 1 for row in heat["values"] for value in row)


def _grid(error: np.ndarray) -> dict[str, Any]:
    """At most MOST_SQUARES squares a side: the last axis across and all others down; a single axis breaks into rows."""
    flat, layout = np.nan_to_num(error, nan=np.inf), ""
    if error.ndim < 2 or 1 in (error.size // error.shape[-1], error.shape[-1]):
        across = min(error.size, MOST_SQUARES)
        missing = -error.size % across
        rows = np.append(flat.ravel(), np.full(missing, -1.0)).reshape(-1, across)
        layout = f"Its one axis runs in rows of {across}" if len(rows) > 1 else ""
    else:
        rows = flat.reshape(-1, error.shape[-1])
        layout = "The last axis runs across, the others down" if error.ndim > 2 else ""
    block = [math.ceil(n / MOST_SQUARES) for n in rows.shape]
    values = [[None if value < 0 else float(value) for value in row] for row in _blocks(rows, *block)]
    return {"block": block, "layout": layout, "values": values}


def _blocks(rows: np.ndarray, down: int, across: int) -> np.ndarray:
    """The largest entry of each block; -1 stands for no entry."""
    room = [(0, -rows.shape[0] % down), (0, -rows.shape[1] % across)]
    padded = np.pad(rows, room, constant_values=-1.0)
    largest: np.ndarray = padded.reshape(padded.shape[0] // down, down, -1, across).max(axis=(1, 3))
    return largest
