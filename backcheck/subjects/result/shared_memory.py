"""Parameters that share memory, where the sum of their gradients is not the derivative and one of them alone is.

Both `dW` and `dV` may hold the whole derivative by the memory of W and its view V, or `dW` does, and `dV` is a step on
the way. Who takes a step on W only is right then, and who takes one on each is not; the object does not say which. That
is a convention. A buffer and its parts, each with its own part of the derivative, agree: nobody steps on both.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from backcheck.keys import TensorKey, gradient
from backcheck.problem import SUBJECT, Problem
from backcheck.subjects.stateful.layer import Layer
from backcheck.subjects.subject import Subject, named_rule
from backcheck.verdicts.check import Checked
from backcheck_reports.record import Verdict

Examine = Callable[[Subject, Problem], Checked]
MINE = (SUBJECT, "exact")
JUDGED = (Verdict.AGREE, Verdict.IMPRECISE, Verdict.KINK)
ALONE = (
    "the gradient of {} alone is the derivative by the memory that {} share, and the sum of all is not: right where a "
    "step is taken on {} only"
)
SAME = "the gradients of {} are the same numbers: they are judged as one, and not their sum"
EACH = "{} share memory, and each gradient is the derivative by its own part of it: right where a step is taken on one"


def read_alone(subject: Subject, checked: Checked, examine: Examine) -> tuple[Checked, str]:
    """The check with wrong sums read so where that is proved, and the readings in words; else as it was."""
    said = []
    for each in subject.code.shared() if checked.disagreements else ():
        key = gradient(each.name)
        if not {(key, party) for party in MINE} & set(checked.disagreements):
            continue
        alone = [(names, _read(subject, checked, layer, examine)) for names, layer in each.alone]
        right = [(names, other) for names, other in alone if _is_right(other, key)]
        if right:
            names, other = right[0]
            agrees = each.in_parts and len(right) == len(alone)
            said.append(EACH.format(each.names) if agrees else ALONE.format(names, each.names, names))
            own = {(key, party): other.measures[key, party] for party in MINE if (key, party) in other.measures}
            if not agrees:
                own = {at: replace(m, verdict=Verdict.CONVENTION, reason=said[-1]) for at, m in own.items()}
            checked = replace(checked, measures={**checked.measures, **own})
        elif _are_the_same([other for _, other in alone], key, checked):
            said.append(SAME.format(each.names))
            checked = alone[0][1]
    return checked, "; ".join(said)


def _read(subject: Subject, checked: Checked, layer: Layer, examine: Examine) -> Checked:
    code = subject.code.read_as(layer)
    rule = code.rule(subject.generators)
    rules = {subject.name: named_rule(rule, subject.names)}
    return examine(replace(subject, code=code, rule=rule), replace(checked.problem, rules=rules))


def _is_right(checked: Checked, key: TensorKey) -> bool:
    found = [checked.measures[key, party].verdict for party in MINE if (key, party) in checked.measures]
    return found[0] in JUDGED and Verdict.DISAGREE not in found


def _are_the_same(alone: Sequence[Checked], key: TensorKey, together: Checked) -> bool:
    """Is the gradient at each place the same to the bit, and their sum another?"""
    found = {each.answers[SUBJECT].tensors[key].tobytes() for each in alone}
    return len(found) == 1 and together.answers[SUBJECT].tensors[key].tobytes() not in found
