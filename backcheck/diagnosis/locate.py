"""From a disagreement to the rule at fault: counted from the output, the first node whose own answer is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

from backcheck.containment import contained
from backcheck.keys import OUTPUT, TensorKey, TensorKind, gradient, product
from backcheck.problem import SUBJECT, Problem
from backcheck.verdicts import invariants
from backcheck.verdicts.check import Checked, examine
from backcheck.verdicts.isolation import isolate
from backcheck.verdicts.measure import Key, Measure
from backcheck.verdicts.parties import ORACLES
from backcheck.verdicts.second_order.products import hessian_measures
from backcheck.verdicts.truth.node import State, argument_names
from backcheck_reports import record
from backcheck_reports.record import Verdict
from backcheck_reports.statistics.findings import gradients_wrong
from scratch_bp.network import Node

REVERSE_PASS = record.REVERSE_PASS
WHOLE_SENTENCES = ("forward of ", "backward of ", "the engine ")  # of reasons that name who does it
RAISES = ("forward raises", "backward raises", "the engine raises")


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and with whom.

    party, rule  who is wrong, and in which rule
    key          what of the rule is wrong: the gradient by an argument, the value, or a promise
    node         the node at which it shows
    sentence     the proof in words
    measure      the numbers of the wrong tensor
    alone        the node by itself with the values it had, if the fault shows there
    """

    party: str
    rule: str
    key: TensorKey
    node: str
    sentence: str
    measure: Measure
    alone: Problem | None = None

    @property
    def argument(self) -> str:
        """What of the rule is wrong, in the text that users see."""
        return str(self.key)

    @property
    def bucket(self) -> tuple[str, str, str]:
        """Two failures in one bucket are the same failure: shrinking keeps to it, and a campaign counts it once."""
        return self.party, self.rule, self.argument


def diagnose(checked: Checked) -> Finding | None:
    """The one finding behind all disagreements of a checked problem; None if there are none."""
    return _one_finding(checked) if checked.disagreements else None


@contained()
def _one_finding(checked: Checked) -> Finding | None:
    first = [key for key in checked.disagreements if key[0].kind is not TensorKind.PRODUCT]
    if not first:
        return _second_order(checked)
    if all(party == invariants.PARTY for _, party in first):
        return _by_contract(checked)
    if all(checked.measures[key].verdict is Verdict.SHAPE for key in first if key[1] != invariants.PARTY):
        return _unexplained(checked)  # every number is right
    return _by_exact_rules(checked) or _by_composition(checked) or _by_single_nodes(checked) or _unexplained(checked)


def _by_contract(checked: Checked) -> Finding:
    """A rule that breaks a promise which every rule makes, such as not to write into its inputs."""
    key, party = checked.disagreements[0]
    node = next(each for each in checked.problem.network.nodes if each.name == key.node)
    measure, broken = checked.measures[key, party], TensorKey(key.name, key.kind)
    return Finding(party, node.rule, broken, node.name, f"{node.rule}: {measure.reason}", measure)


def _second_order(checked: Checked) -> Finding:
    """A wrong Hessian-vector product of a framework, at the first node, from the output on, that shows it alone."""
    key, party = checked.disagreements[0]
    measure, alone = checked.measures[key, party], None
    node, argument = _reader(checked, key)
    for each in reversed(checked.problem.network.nodes):
        single = isolate(checked.problem, each.name)
        found = hessian_measures(single, (party,)) if single else {}
        wrong = [key for key, m in found.items() if m.verdict is Verdict.DISAGREE]
        if wrong:
            measure, node, argument, alone = found[wrong[0]], each, wrong[0][0], single
            break
    sentence = (
        f"{node.rule}: the Hessian-vector product by {argument.name} from {party} differs: "
        f"it is {measure.fraction:.3g} times further from the truth than rounding explains"
    )
    return Finding(party, node.rule, argument, node.name, sentence, measure, alone)


def _reader(checked: Checked, key: TensorKey) -> tuple[Node, TensorKey]:
    """The first node that reads the array of a Hessian-vector product, and its argument."""
    node = next(each for each in checked.problem.network.nodes if key.name in each.reads)
    names = argument_names(checked.problem.rules[node.rule], len(node.reads))
    return node, product(names[node.reads.index(key.name)])


def _by_exact_rules(checked: Checked) -> Finding | None:
    """A node whose backward is not the derivative of its own forward, in exact arithmetic."""
    keys = [key for key in checked.disagreements if key[1] in ("exact", SUBJECT)]
    broken = [report for report in checked.truth.reports if report.state is State.WRONG]
    if not keys or not broken:
        return None
    report = broken[0]
    sentence = (
        f"{report.node.rule}: {gradients_wrong(report.wrong)}. In exact arithmetic it misses the derivative of its own "
        f"forward by {report.residual:.2g} of its size (a right one is within 1e-30)"
    )
    if not report.finite:
        sentence = f"{report.node.rule}: {report.reason}"
    measure = _measure_for(checked, report.node, report.wrong[0], keys)
    alone = isolate(checked.problem, report.node.name)
    return Finding(SUBJECT, report.node.rule, gradient(report.wrong[0]), report.node.name, sentence, measure, alone)


def _measure_for(checked: Checked, node: Node, argument: str, keys: Sequence[Key]) -> Measure:
    """The subject's numbers for the array that the wrong argument reads, else for the first array that is wrong."""
    names = argument_names(checked.problem.rules[node.rule], len(node.reads))
    read = dict(zip(names, node.reads, strict=True)).get(argument)
    wrong = [key for key, _ in keys]
    own = gradient(read) if read is not None else wrong[0]
    return checked.measures[own if own in wrong else wrong[0], SUBJECT]


def _by_composition(checked: Checked) -> Finding | None:
    """The reverse pass, which does not add up what the readers of a value send back."""
    if checked.truth.composed:
        return None
    key = next(key for key, ruling in checked.truth.rulings.items() if not ruling.right)
    sentence = "every node is right on its own, but where a value is read more than once its cotangents are not added"
    return Finding(SUBJECT, REVERSE_PASS, key, key.name, sentence, checked.measures[key, SUBJECT])


def _by_single_nodes(checked: Checked) -> Finding | None:
    """Each node alone in floats: this shows low precision, a wrong shape, another function, a fault of a framework."""
    party = next(party for _, party in checked.disagreements if party != invariants.PARTY)
    for node in reversed(checked.problem.network.nodes):
        alone = isolate(checked.problem, node.name)
        if alone is None:
            continue
        single = examine(alone, ORACLES if party == SUBJECT else (party, "exact"))
        wrong = [tensor for tensor, who in single.disagreements if who == party]
        if wrong:
            key = _named_first(wrong, single.measures[wrong[0], party].reason)
            measure = single.measures[key, party]
            sentence = f"{node.rule}: {_in_words(key, party, measure)}"
            return Finding(party, node.rule, key, node.name, sentence, measure, alone)
    return None


def _named_first(wrong: Sequence[TensorKey], reason: str) -> TensorKey:
    """A rule that is refused for the form of one gradient gives none: the one that the reason names is at fault."""
    return next((key for key in wrong if f" a gradient by {key.name} of shape " in reason), wrong[0])


def _in_words(key: TensorKey, party: str, measure: Measure) -> str:
    what = "the forward value" if key == OUTPUT else f"the gradient by {key}"
    if measure.reason.startswith(RAISES):
        return f"{measure.reason}, so there is no {'forward value' if key == OUTPUT else f'gradient by {key}'}"
    if measure.reason.startswith(WHOLE_SENTENCES):
        return measure.reason
    if measure.reason:
        return f"{what} from {party} {measure.reason}"
    return f"{what} from {party} is {measure.fraction:.3g} times further from the truth than rounding explains"


def _unexplained(checked: Checked) -> Finding:
    """If no node shows it alone, only the tensor is named."""
    key, party = next(each for each in checked.disagreements if each[1] != invariants.PARTY)
    measure, nodes = checked.measures[key, party], checked.problem.network.nodes
    node = next((n for n in nodes if key.kind is TensorKind.GRADIENT and key.name in n.reads), nodes[-1])
    sentence = _in_words(key, party, measure)
    sentence = f"{node.rule}: {sentence}" if len(nodes) == 1 else f"{sentence}; no single node shows it alone"
    return Finding(party, node.rule, key, node.name, sentence, measure)


def agrees_with(finding: Finding, checked: Checked) -> bool:
    """Does this problem fail in the same bucket?"""
    other = diagnose(checked)
    return other is not None and other.bucket == finding.bucket
