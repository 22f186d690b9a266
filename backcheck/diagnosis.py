"""From a disagreement to the rule at fault: the first node, output first, whose own answer is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backcheck import contract
from backcheck.checking import Checked, examine
from backcheck.measure import Measure
from backcheck.nodewise import State, argument_names
from backcheck.parties import ORACLES
from backcheck.problem import OUTPUT, SUBJECT, Problem
from reports.record import Verdict
from scratch_bp.network import ArraySpec, Network, Node, forward, reverse

REVERSE_PASS = "reverse pass"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong. (`party`, `rule`, `argument`) is the bucket: the same failure after shrinking is the same three.

    `alone` is the node by itself with the values it had, where the fault shows there.
    """

    party: str
    rule: str
    argument: str
    node: str
    sentence: str
    measure: Measure
    alone: Problem | None = None

    @property
    def bucket(self) -> tuple[str, str, str]:
        return self.party, self.rule, self.argument


def diagnose(checked: Checked) -> Finding | None:
    """The finding that stands for a checked problem's disagreements; None when there are none."""
    if not checked.disagreements:
        return None
    if all(party == contract.PARTY for _, party in checked.disagreements):
        return _by_contract(checked)
    return _by_exact_rules(checked) or _by_composition(checked) or _by_single_nodes(checked) or _unexplained(checked)


def _by_contract(checked: Checked) -> Finding:
    """A promise that every rule makes and this one breaks."""
    tensor, party = checked.disagreements[0]
    name, _, promise = tensor.rpartition(".")
    node = next(each for each in checked.problem.network.nodes if each.name == name)
    measure = checked.measures[tensor, party]
    return Finding(party, node.rule, promise, name, f"{node.rule}: {measure.reason}", measure)


def _by_exact_rules(checked: Checked) -> Finding | None:
    """A node whose rule is not the derivative of its own forward, at 256 bits."""
    keys = [key for key in checked.disagreements if key[1] in ("exact", SUBJECT)]
    broken = [report for report in checked.truth.reports if report.state is State.WRONG]
    if not keys or not broken:
        return None
    report = broken[0]
    sentence = (
        f"{report.node.rule} is not the derivative of its own forward by {' and '.join(report.wrong)}: "
        f"exact residual {report.residual:.1e}, where a right rule shows less than 1e-30"
    )
    measure = _measure_for(checked, report.node, report.wrong[0], keys)
    alone = isolate(checked.problem, report.node.name)
    return Finding(SUBJECT, report.node.rule, report.wrong[0], report.node.name, sentence, measure, alone)


def _measure_for(checked: Checked, node: Node, argument: str, keys: Sequence[tuple[str, str]]) -> Measure:
    """The subject's own numbers for the array that the wrong argument reads, or for the worst array there is."""
    names = argument_names(checked.problem.rules[node.rule], len(node.reads))
    read = dict(zip(names, node.reads, strict=True)).get(argument)
    candidates = [name for name, party in keys if name == read] + [name for name, party in keys]
    return checked.measures[candidates[0], SUBJECT]


def _by_composition(checked: Checked) -> Finding | None:
    if checked.truth.composed:
        return None
    tensor = next(name for name, ruling in checked.truth.rulings.items() if not ruling.right)
    sentence = "every node is right on its own, but where a value is read more than once its cotangents are not added"
    return Finding(SUBJECT, REVERSE_PASS, tensor, tensor, sentence, checked.measures[tensor, SUBJECT])


def _by_single_nodes(checked: Checked) -> Finding | None:
    """Each node alone in floating point: low precision, a wrong shape, another function, or a framework's own fault."""
    party = next(party for _, party in checked.disagreements if party != contract.PARTY)
    for node in reversed(checked.problem.network.nodes):
        alone = isolate(checked.problem, node.name)
        if alone is None:
            continue
        single = examine(alone, ORACLES if party == SUBJECT else (party, "exact"))
        wrong = [tensor for tensor, who in single.disagreements if who == party]
        if wrong:
            measure = single.measures[wrong[0], party]
            sentence = f"{node.rule}: {_in_words(wrong[0], party, measure)}"
            return Finding(party, node.rule, wrong[0], node.name, sentence, measure, alone)
    return None


def _in_words(tensor: str, party: str, measure: Measure) -> str:
    what = "the forward value" if tensor == OUTPUT else f"the gradient by {tensor}"
    if measure.reason:
        return f"{what} from {party} {measure.reason}"
    return f"{what} from {party} is {measure.fraction:.3g} times further from the truth than rounding explains"


def _unexplained(checked: Checked) -> Finding:
    """No node shows it alone: the tensor is named, and nothing more is claimed."""
    tensor, party = next(key for key in checked.disagreements if key[1] != contract.PARTY)
    measure = checked.measures[tensor, party]
    node = next((n for n in checked.problem.network.nodes if tensor in n.reads), checked.problem.network.nodes[-1])
    sentence = f"{_in_words(tensor, party, measure)}; no single node shows it alone"
    return Finding(party, node.rule, tensor, node.name, sentence, measure)


def isolate(problem: Problem, name: str) -> Problem | None:
    """One node as a network of its own, with the values and the cotangent it had in the subject's run."""
    node = next(each for each in problem.network.nodes if each.name == name)
    try:
        with np.errstate(all="ignore"):
            trace = forward(problem.network, problem.arrays, problem.rules)
            later = _after(problem.network, node)
            cotangents = reverse(later, trace, problem.dy, problem.rules)
    except Exception:  # the subject raises on the way: this node cannot be reached
        return None
    names = argument_names(problem.rules[node.rule], len(node.reads))
    inputs = dict(zip(names, (trace.values[read] for read in node.reads), strict=True))
    cotangent = cotangents.get(name)
    if cotangent is None or not all(np.isfinite(a.astype(np.float64)).all() for a in (*inputs.values(), cotangent)):
        return None
    network = Network({n: _spec(problem, r, inputs[n]) for n, r in zip(names, node.reads, strict=True)}, (), names[0])
    single = replace(network, nodes=(Node("y", node.rule, names, node.config),), output="y")
    return Problem(single, inputs, np.asarray(cotangent), problem.dtype, problem.rules)


def _after(network: Network, node: Node) -> Network:
    """The network with only the nodes behind this one, so that its own backward is not run."""
    at = network.nodes.index(node)
    before = {each.name: ArraySpec((), "value") for each in network.nodes[: at + 1]}
    return Network({**network.arrays, **before}, network.nodes[at + 1 :], network.output)


def _spec(problem: Problem, read: str, value: np.ndarray) -> ArraySpec:
    known: Mapping[str, Any] = problem.network.arrays
    return known[read] if read in known else ArraySpec(value.shape, "value")


def agrees_with(finding: Finding, checked: Checked) -> bool:
    """Does this problem fail in the same way?"""
    other = diagnose(checked)
    return other is not None and other.bucket == finding.bucket


__all__ = ["REVERSE_PASS", "Finding", "Verdict", "agrees_with", "diagnose", "isolate"]
