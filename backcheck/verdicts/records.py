"""The records of a checked problem: one for each tensor and party."""

from collections.abc import Iterator, Mapping

import numpy as np

from backcheck.keys import OUTPUT, TensorKey, TensorKind
from backcheck.problem import Problem
from backcheck.verdicts import invariants
from backcheck.verdicts.check import Checked
from backcheck.verdicts.measure import Key
from backcheck.verdicts.truth.node import argument_names
from backcheck_reports.record import FAULTS, FORWARD, Record
from scratch_bp.rules import RULES

UNREAD = "none"  # stands for the rule of an array that nothing reads


def records(
    checked: Checked, *, case: str, network: int, profile: str, blamed: Mapping[Key, tuple[str, str]] | None = None
) -> Iterator[Record]:
    """One record for each tensor and party of a checked problem.

    `blamed` has the rule at fault, and what of it is wrong, for the verdicts that follow from another rule's fault.
    """
    problem = checked.problem
    readers = _readers(problem)
    width = max((n for array in (*problem.arrays.values(), problem.dy) for n in array.shape), default=1)
    for (key, party), m in checked.measures.items():
        rule, argument = _reader(problem, readers, key)
        shape, known = problem.shape_of(key), checked.truth.known.get(key)
        own = (rule, FORWARD if key == OUTPUT else argument)
        at_fault = (blamed or {}).get((key, party), own) if m.verdict in FAULTS else ("", "")
        yield Record(
            case=case,
            network=network,
            tensor=_tensor(key),
            rule=rule,
            argument=argument,
            party=party,
            dtype=problem.dtype,
            profile=profile,
            shape=tuple(shape),
            entries=int(np.prod(shape, dtype=int)) if party != invariants.PARTY else 0,
            verdict=m.verdict,
            absolute=m.absolute,
            relative=m.relative,
            ulps=m.ulps,
            fraction=m.fraction,
            allowed=m.allowed,
            resolution=m.resolution,
            index=m.index,
            got=m.got,
            want=m.want,
            reason=m.reason,
            depth=len(problem.network.nodes),
            width=width,
            magnitude=known.scale if known else 0.0,
            fault_rule=at_fault[0],
            fault_tensor=at_fault[1],
        )


def _tensor(key: TensorKey) -> str:
    """The text of a key. That of the forward value is its own: an array may be called so too."""
    return f"{key}_" if str(key) == str(OUTPUT) and key != OUTPUT else str(key)


def _reader(problem: Problem, readers: dict[str, tuple[str, str]], key: TensorKey) -> tuple[str, str]:
    """The rule that a verdict is kept under, and its argument there: of the node itself, or of the array's reader."""
    if key.node:
        return next(node.rule for node in problem.network.nodes if node.name == key.node), key.name
    if key == OUTPUT:
        made = {node.name: node.rule for node in problem.network.nodes}
        return made.get(problem.network.output, "none"), "value"
    if key.name not in problem.arrays and len(problem.network.nodes) == 1:  # an array that an object holds
        return problem.network.nodes[0].rule, key.name
    rule, argument = readers.get(key.name, (UNREAD, "unread"))
    return rule, str(TensorKey(argument, TensorKind.PRODUCT)) if key.kind is TensorKind.PRODUCT else argument


def _readers(problem: Problem) -> dict[str, tuple[str, str]]:
    """For each array the rule that reads it first, and the name it has there."""
    found: dict[str, tuple[str, str]] = {}
    for node in problem.network.nodes:
        names = argument_names(RULES.get(node.rule) or problem.rules[node.rule], len(node.reads))
        for read, argument in zip(node.reads, names, strict=True):
            found.setdefault(read, (node.rule, argument))
    return found
