"""The check of one drawn case of somebody's code, and what the cases before it have to say.

A factor in every gradient is a convention only when it is the same size in every draw: the batch, say. So the sizes
that the factor was are kept from draw to draw, and a size is struck off when a draw with that size has no factor. Where
a single draw cannot tell (most gradients are zero, or hidden by rounding), the same shapes are checked with other
numbers, and the factor found there is proved here: divided by it, every gradient is right.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from backcheck.containment import contained
from backcheck.keys import OUTPUT, TensorKey, gradient
from backcheck.problem import SUBJECT, Problem
from backcheck.session import asked
from backcheck.strategies.case import Case
from backcheck.subjects.behaviour import behaviour_at, generators_of_code
from backcheck.subjects.drawn.cases import DrawPlan
from backcheck.subjects.pairs.generators import Generators
from backcheck.subjects.result import conventions
from backcheck.subjects.result.check import Check
from backcheck.subjects.result.conventions import Reading
from backcheck.subjects.result.intent import intended
from backcheck.subjects.result.judgement import examined, with_second_order
from backcheck.subjects.result.side_effects import WRITES
from backcheck.subjects.result.size_factor import sizes_of
from backcheck.subjects.subject import Subject, named_rule
from backcheck.time_limit import OutOfTime, time_limit
from backcheck.verdicts import invariants
from backcheck.verdicts.cases import NOT_ENDED, unjudged
from backcheck.verdicts.check import Checked
from backcheck.verdicts.truth.node import State, judge_node
from backcheck_reference.numbers import exact
from backcheck_reports.record import Verdict
from scratch_bp.rules import Rule

Sign = tuple[str, TensorKey]
MINE = (SUBJECT, "exact")
SAME_FACTOR = "a convention, the same in every draw that tells: each gradient is the derivative x {}"
ANOTHER_HERE = "in the draws before, each gradient was the derivative x {}; in this one it is not"
NO_CONVENTION = "a factor in every gradient that only some draws have, or another in each, is no convention"
MANY_ENTRIES = 16  # inputs x outputs, from which on the truth entry by entry costs more than a look


def signs_of(check: Check) -> frozenset[Sign]:
    """What is wrong about the subject: the tensors, or the promises when nothing else is."""
    tensors = frozenset((SUBJECT, key) for key, party in check.checked.disagreements if party in MINE)
    promises = (key for key in check.checked.disagreements if key[1] == invariants.PARTY and key != WRITES)
    return tensors or frozenset(key[::-1] for key in promises)


@dataclass
class DrawnChecks:
    """The checks of one plan's draws, in turn. `option` is an argument of the call that checks one of them again, and
    `meant` what the author of the code declares. With `order` 2 the second order is judged as well.

    `labels` are the sizes that the factor was in every draw that had one, None as long as none had, and `agreed` the
    sizes of draws without a factor. `elsewhere` has the checks at other numbers and `again_found` those of cases that
    are no new draws, each made once.
    """

    plan: DrawPlan
    option: str = ""
    meant: Any = None
    order: int = 1
    labels: frozenset[str] | None = None
    before: Reading | None = None  # the last that had labels
    agreed: set[str] = field(default_factory=set)
    elsewhere: dict[Any, tuple[Problem, Checked]] = field(default_factory=dict)
    again_found: dict[Any, Check] = field(default_factory=dict)

    @cached_property
    def generators(self) -> Generators:
        """Those that the code may draw from: looked for once."""
        return generators_of_code(self.plan.family.code)

    @property
    def contradicted(self) -> bool:
        """Was a factor taken for a convention that other draws did not have?"""
        return self.labels is not None and not self.labels - self.agreed

    def notes(self, failed: bool) -> tuple[str, ...]:
        """What all draws together say of a factor."""
        if not self.labels:
            return ()
        if self.contradicted:
            return (NO_CONVENTION,)
        what = min(self.labels - self.agreed)
        return (ANOTHER_HERE.format(what) if failed else SAME_FACTOR.format(what),)

    def _open(self, problem: Problem) -> frozenset[str]:
        """The sizes that the factor can still be. Which of those in one draw it is, the next ones show."""
        return (frozenset(sizes_of(problem)) if self.labels is None else self.labels) - self.agreed

    def check(self, case: Case) -> Check:
        """The verdicts on the next draw."""
        checked, reading = self._checked(case)
        if reading is not None and reading.labels:
            self.labels = reading.labels if self.labels is None else self.labels & reading.labels
            self.before = reading._replace(labels=self.labels)
        verdicts = [checked.checked.measures[key, SUBJECT].verdict for key in checked.checked.problem.gradients]
        if Verdict.AGREE in verdicts and not signs_of(checked) and reading is None:
            self.agreed |= set(sizes_of(checked.checked.problem))
        return checked

    def again(self, case: Case) -> Check:
        """The verdicts on a case that is no new draw: nothing is learned from it. Searches come back to many."""
        key = case.id, self.labels, frozenset(self.agreed)
        if key not in self.again_found:
            self.again_found[key] = self._checked(case)[0]
        return self.again_found[key]

    def glance(self, case: Case, signs: frozenset[Sign]) -> bool:
        """Is any of the same tensors wrong? Where the truth entry by entry costs much, by a look along directions."""
        if self.plan.refusals.out_of_patience:
            return False
        try:
            with time_limit(asked().seconds):
                return self._glance(case, signs)
        except OutOfTime as late:
            self.plan.refusals.late.append(str(late))
            return False

    def _glance(self, case: Case, signs: frozenset[Sign]) -> bool:
        arrays, dy = case.make()
        if max(array.size for array in arrays.values()) * dy.size >= MANY_ENTRIES:
            subject, problem = self.posed(case)
            problem = problem if subject.code.intent is None else intended(subject, problem)[1]
            found = _looked_at(problem, signs)
            if found is not None:
                return found
        return bool(signs_of(self.again(case)) & signs)

    @contained()
    def _checked(self, case: Case) -> tuple[Check, Reading | None]:
        try:
            with time_limit(asked().seconds):
                return self._judged(case)
        except OutOfTime as late:
            self.plan.refusals.late.append(str(late))
            return self._not_judged(case, late), None

    def _not_judged(self, case: Case, late: OutOfTime) -> Check:
        """A draw that did not end. Its shapes are known from the drawing, so that nothing of the code is run."""
        arrays, dy = case.make()
        code = self.plan.family.at(case.network.nodes[0].config, list(arrays.values()))
        code = code.with_option(self.option) if self.option else code
        subject = Subject(code, code.rule(), tuple(arrays), self.plan.seen)
        rules = {subject.name: named_rule(subject.rule, subject.names)}
        problem = Problem(case.network, arrays, dy, case.dtype, rules, {subject.name: subject.mirror}, drawn=True)
        return Check(subject, unjudged(problem, f"{NOT_ENDED}: {late}"))

    def _judged(self, case: Case) -> tuple[Check, Reading | None]:
        subject, problem = self.posed(case)
        with np.errstate(all="ignore"):
            checked, reading = self._read(subject, examined(subject, problem))
        check = Check(subject, checked, (reading.said,) if reading and not reading.labels else ())
        return with_second_order(check) if self.order == 2 else check, reading

    def posed(self, case: Case) -> tuple[Subject, Problem]:
        """The subject at the options of this case, and the question at its arrays."""
        arrays, dy = case.make()
        family, config = self.plan.family, case.network.nodes[0].config
        values = list(arrays.values())
        with np.errstate(all="ignore"):
            code = family.at(config, values)
            code = code.with_option(self.option) if self.option else code
            code = code if self.meant is None else code.declared(self.meant)
            seen = replace(self.plan.seen, behaviour=behaviour_at(code, tuple(arrays), values, config, self.generators))
            subject = Subject(code, code.rule(seen.behaviour.generators), tuple(arrays), seen)
            return subject, replace(subject.problem(values, config, dy), drawn=True)

    def _read(self, subject: Subject, checked: Checked) -> tuple[Checked, Reading | None]:
        if subject.code.intent is not None:
            return conventions.read(subject, checked, examined)
        if not checked.disagreements or self.contradicted:
            return checked, None
        open_ = self._open(checked.problem)
        found, reading = conventions.read(subject, checked, examined, open_)
        return (found, reading) if reading is not None else self._as_elsewhere(subject, checked, open_)

    def _as_elsewhere(
        self, subject: Subject, checked: Checked, open_: frozenset[str]
    ) -> tuple[Checked, Reading | None]:
        """The draw read by the factor that the same shapes show with other numbers."""
        problem = checked.problem
        wrong = [name for name, party in checked.disagreements if party in MINE]
        right = any(checked.measures[key, SUBJECT].verdict is Verdict.AGREE for key in problem.gradients)
        if len(problem.wanted) < 2 or not wrong or OUTPUT in wrong or right:
            return checked, None
        other = self._other(subject, _elsewhere(problem))
        _, reading = conventions.read(subject, other, examined, open_)
        if reading is None and not other.truth.known:  # too large for the truth entry by entry: as in the draws before
            reading = self.before
        if reading is None or not reading.labels & open_:
            return checked, None
        by = sizes_of(problem)[min(reading.labels & open_)]
        undone = Rule(subject.rule.forward, _divided(subject.rule.backward, by))
        rules = {subject.name: named_rule(undone, subject.names)}
        whole = examined(replace(subject, rule=undone), replace(problem, rules=rules))
        if any(party in MINE for _, party in whole.disagreements):
            return checked, None
        measures = {
            key: replace(m, verdict=Verdict.CONVENTION, reason=reading.said)
            if key[1] in MINE and m.verdict is Verdict.DISAGREE
            else m
            for key, m in checked.measures.items()
        }
        return replace(checked, measures=measures), reading

    def _other(self, subject: Subject, problem: Problem) -> Checked:
        """The verdicts on numbers that depend on the shapes alone; many draws, and most steps of a search for the
        smallest, have shapes that were met before."""
        config = problem.network.nodes[0].config
        given = problem.arrays.items()
        held = [(name, a.shape, b"" if problem.network.moves(name) else a.tobytes()) for name, a in given]
        key = (problem.dtype, problem.dy.shape, tuple(held), repr(sorted(config.items(), key=str)))
        if key not in self.elsewhere:  # the problem is kept, so that no other option can come to have this repr
            self.elsewhere[key] = problem, examined(subject, problem)
        return self.elsewhere[key][1]


def _looked_at(problem: Problem, signs: frozenset[Sign]) -> bool | None:
    """Is the rule wrong by one of these arrays, along some direction? None where exact arithmetic cannot say."""
    node = problem.network.nodes[0]
    fixed = {at for at, name in enumerate(node.reads) if not problem.network.moves(name)}
    inputs = [exact.lift(problem.arrays[name]) for name in node.reads]
    with np.errstate(all="ignore"):
        report = judge_node(node, inputs, exact.lift(problem.dy), problem.rules[node.rule], fixed)
    if report.state is State.UNAVAILABLE:
        return None
    return report.state is State.WRONG and bool({(SUBJECT, gradient(name)) for name in report.wrong} & signs)


def _elsewhere(problem: Problem) -> Problem:
    """The same shapes with numbers that hide nothing: no zeros, no ties, none large or small."""
    rng = np.random.Generator(np.random.PCG64(0))

    def other(array: np.ndarray) -> np.ndarray:
        return np.asarray(rng.uniform(0.5, 1.5, array.shape)).astype(array.dtype)

    arrays = {n: other(a) if problem.network.moves(n) else a for n, a in problem.arrays.items()}
    return replace(problem, arrays=arrays, dy=other(problem.dy))


def _divided(backward: Callable[..., Any], by: float) -> Callable[..., Any]:
    """The same backward without the factor, which is a whole number or one part of one."""

    def undone(saved: Any, dy: Any) -> tuple[Any, ...]:
        grads = backward(saved, dy)
        return tuple(None if g is None else g / by if by > 1 else g * float(round(1 / by)) for g in grads)

    return undone
