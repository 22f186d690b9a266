"""Which rule each wrong answer of a check follows from: one wrong rule makes the gradients of all before it wrong.

A verdict is kept under the rule that reads the array. That rule may be innocent: the fault lies in any rule between the
array and the output. So every verdict that is a fault is followed to the rule that is at fault. A network may have
several wrong rules; exact arithmetic judges each node at its true values, so that none of them hides another.
"""

from collections.abc import Iterator

import numpy as np

from backcheck.containment import contained
from backcheck.diagnosis.locate import RAISES, WHOLE_SENTENCES, Finding
from backcheck.keys import OUTPUT, TensorKey, TensorKind
from backcheck.problem import SUBJECT
from backcheck.verdicts import invariants
from backcheck.verdicts.check import Checked, examine
from backcheck.verdicts.isolation import isolate
from backcheck.verdicts.measure import Key
from backcheck.verdicts.parties import ORACLES
from backcheck.verdicts.truth.node import NodeReport, State, argument_names
from backcheck_reports.record import EXACT, FORWARD
from scratch_bp.network import Network, Node

Blamed = tuple[str, str]  # the rule at fault, and what of it is wrong: a gradient by its argument, the value
MINE = (SUBJECT, EXACT)  # the parties whose fault is the subject's


@contained()
def blamed(checked: Checked, finding: Finding | None) -> dict[Key, Blamed]:
    """For each verdict that is a fault, the rule at fault. What is not told apart is left out: it is the reader's own.

    `finding` is the diagnosis of the same check.
    """
    if finding is None or len(checked.problem.network.nodes) < 2:
        return {}
    alone = _Alone(checked)
    found: dict[Key, Blamed] = {}
    for key, party in checked.disagreements:
        if party == invariants.PARTY:
            continue
        blame = (_wrong_rule(checked, key) if party in MINE else None) or _of_finding(checked, finding, key, party)
        blame = blame or alone.at_fault(key, SUBJECT if party in MINE else party)
        if blame is not None:
            found[key, party] = blame
    return found


def _wrong_rule(checked: Checked, key: TensorKey) -> Blamed | None:
    """Of the nodes that exact arithmetic calls wrong the one that reads the array itself, else the first behind it,
    counted from the output."""
    if key.kind is not TensorKind.GRADIENT:
        return None
    behind = _behind(checked.problem.network, key.name)
    through: Blamed | None = None
    for report in checked.truth.reports:
        if report.state is not State.WRONG:
            continue
        for argument, read in _wrong_reads(checked, report):
            if read == key.name:
                return report.node.rule, argument
            if read in behind and through is None:
                through = report.node.rule, argument
    return through


def _wrong_reads(checked: Checked, report: NodeReport) -> Iterator[tuple[str, str]]:
    """The wrong arguments of a node, and what they read."""
    names = argument_names(checked.problem.rules[report.node.rule], len(report.node.reads))
    reads = dict(zip(names, report.node.reads, strict=True))
    return ((argument, reads[argument]) for argument in report.wrong if argument in reads)


def _behind(network: Network, array: str) -> set[str]:
    """The values that depend on an array, and the array."""
    found = {array}
    for node in network.nodes:
        if any(_is_among(read, found) for read in node.reads):
            found.add(node.name)
    return found | {read for node in network.nodes for read in node.reads if _is_among(read, found)}


def _is_among(read: str, names: set[str]) -> bool:
    """Is it one of them, or one of the outputs of a node among them?"""
    return read in names or read.rpartition(".")[0] in names


def _of_finding(checked: Checked, finding: Finding, key: TensorKey, party: str) -> Blamed | None:
    """The finding of the whole check, where this verdict may follow from it."""
    if finding.party != (SUBJECT if party in MINE else party):
        return None
    if checked.measures[key, party].reason.startswith((*RAISES, *WHOLE_SENTENCES)):
        # it ended the pass: the gradients of what has run already are lost too
        return finding.rule, FORWARD if finding.key == OUTPUT else finding.argument
    if (key == OUTPUT) != (finding.key == OUTPUT):
        return None
    nodes = [node for node in checked.problem.network.nodes if node.name == finding.node]
    if nodes and key.kind is TensorKind.GRADIENT:
        behind = _behind(checked.problem.network, key.name)
        if not any(_is_among(read, behind) for read in nodes[0].reads):
            return None
    return finding.rule, FORWARD if key == OUTPUT else finding.argument


class _Alone:
    """The nodes of a check one by one in floats, each looked at once: it costs a check of its own."""

    def __init__(self, checked: Checked) -> None:
        self.checked, self._found = checked, dict[tuple[str, str], tuple[Key, ...]]()

    def at_fault(self, key: TensorKey, party: str) -> Blamed | None:
        """The first node, counted from the output, that shows such a fault by itself."""
        network = self.checked.problem.network
        behind = _behind(network, key.name) if key.kind is TensorKind.GRADIENT else set[str]()
        for node in reversed(network.nodes):
            if behind and not any(_is_among(read, behind) for read in node.reads):
                continue
            for wrong, who in self._wrong(node, party):
                if who == party and (wrong == OUTPUT) == (key == OUTPUT):
                    return node.rule, FORWARD if key == OUTPUT else str(wrong)
        return None

    def _wrong(self, node: Node, party: str) -> tuple[Key, ...]:
        place = node.name, party
        if place not in self._found:
            with np.errstate(all="ignore"):
                problem = isolate(self.checked.problem, node.name)
                asked = ORACLES if party == SUBJECT else (party, EXACT)
                self._found[place] = () if problem is None else examine(problem, asked).disagreements
        return self._found[place]
