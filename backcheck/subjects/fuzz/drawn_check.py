"""How one drawn case of somebody's code is asked and read, and what earlier cases have to say about it.

A factor in every gradient is a convention only when it is the same size in every draw. So the sizes that it was are
kept, and those are struck off that a draw without a factor had. And where a single draw does not tell (most gradients
are zero, or hidden by rounding), the same shapes are asked with other numbers, and the factor found there is proved
here: divided by it, everything is right.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from backcheck.keys import OUTPUT, TensorKey, gradient
from backcheck.problem import SUBJECT, Problem
from backcheck.strategies.case import Case
from backcheck.subjects.drawn.cases import Plan
from backcheck.subjects.result import conventions, size_factor
from backcheck.subjects.result.check import Check, examined
from backcheck.subjects.result.conventions import Reading
from backcheck.subjects.subject import Own, named_rule
from backcheck.verdicts import invariants
from backcheck.verdicts.check import Checked
from backcheck.verdicts.truth.node import State, judge_node
from backcheck_reference.numbers import exact
from backcheck_reports.record import Verdict
from scratch_bp.rules import Rule

Sign = tuple[str, TensorKey]
MINE = (SUBJECT, "exact")
KEPT = "a convention, the same in every draw that tells: each gradient is the derivative x {}"
OTHERWISE = "in the draws before, each gradient was the derivative x {}; in this one it is not"
NO_CONVENTION = "a factor in every gradient that only some draws have, or another in each, is no convention"
MUCH = 16  # inputs x outputs, from which on the truth entry by entry costs more than a look


def signs_of(check: Check) -> frozenset[Sign]:
    """What is wrong about the subject: the tensors, or the promises when nothing else is."""
    tensors = frozenset((SUBJECT, key) for key, party in check.checked.disagreements if party in MINE)
    return tensors or frozenset(key[::-1] for key in check.checked.disagreements if key[1] == invariants.PARTY)


@dataclass
class Asking:
    """The draws of one plan, in turn. `labels` are the sizes that the factor was in every draw that had one, `agreed`
    those that a draw without one had."""

    plan: Plan
    mirrors: Mapping[str, Callable[..., Any] | None]
    labels: frozenset[str] | None = None
    agreed: set[str] = field(default_factory=set)
    seen: dict[Any, tuple[Problem, Checked]] = field(default_factory=dict)
    told: dict[Any, Check] = field(default_factory=dict)

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
        return (OTHERWISE.format(what) if failed else KEPT.format(what),)

    def _open(self, problem: Problem) -> frozenset[str]:
        """The sizes that the factor can still be. Which of those in one draw it is, the next ones show."""
        return (frozenset(size_factor._sizes(problem)) if self.labels is None else self.labels) - self.agreed

    def __call__(self, case: Case) -> Check:
        """The verdicts on the next draw."""
        checked, reading = self._asked(case)
        if reading is not None and reading.labels:
            self.labels = reading.labels if self.labels is None else self.labels & reading.labels
        verdicts = [checked.checked.measures[key, SUBJECT].verdict for key in checked.checked.problem.gradients]
        if Verdict.AGREE in verdicts and not signs_of(checked) and reading is None:
            self.agreed |= set(size_factor._sizes(checked.checked.problem))
        return checked

    def again(self, case: Case) -> Check:
        """The verdicts on a case that is no new draw: nothing is learned from it. Searches come back to many."""
        key = case.id, self.labels, frozenset(self.agreed)
        if key not in self.told:
            self.told[key] = self._asked(case)[0]
        return self.told[key]

    def glance(self, case: Case, signs: frozenset[Sign]) -> bool:
        """Is any of the same tensors wrong? Where the truth entry by entry costs much, by a look along directions."""
        arrays, dy = case.make()
        found = None
        if max(array.size for array in arrays.values()) * dy.size >= MUCH:
            problem = self.own(case, arrays).problem(list(arrays.values()), case.network.nodes[0].config, dy)
            found = _looked_at(problem, signs)
        return bool(signs_of(self.again(case)) & signs) if found is None else found

    def _asked(self, case: Case) -> tuple[Check, Reading | None]:
        arrays, dy = case.make()
        with np.errstate(all="ignore"):
            own = self.own(case, arrays)
            problem = own.problem(list(arrays.values()), case.network.nodes[0].config, dy)
            checked, reading = self._read(own, examined(own, problem))
        return Check(own, checked, (reading.said,) if reading and not reading.labels else ()), reading

    def _read(self, own: Own, checked: Checked) -> tuple[Checked, Reading | None]:
        if not checked.disagreements or self.contradicted:
            return checked, None
        own = replace(own, without=self._without(checked.problem))
        open_ = self._open(checked.problem)
        found, reading = conventions.read(own, checked, lambda problem: examined(own, problem), open_)
        return (found, reading) if reading is not None else self._as_elsewhere(own, checked, open_)

    def _without(self, problem: Problem) -> Mapping[str, tuple[float, Rule]]:
        return self.plan.subject.without(problem.network.nodes[0].config, list(problem.arrays.values()))

    def _as_elsewhere(self, own: Own, checked: Checked, open_: frozenset[str]) -> tuple[Checked, Reading | None]:
        """The draw read by the factor that the same shapes show with other numbers."""
        problem = checked.problem
        wrong = [name for name, party in checked.disagreements if party in MINE]
        right = any(checked.measures[key, SUBJECT].verdict is Verdict.AGREE for key in problem.gradients)
        if len(problem.wanted) < 2 or not wrong or OUTPUT in wrong or right:
            return checked, None
        other = self._other(own, _elsewhere(problem))
        _, reading = conventions.read(own, other, lambda each: examined(own, each), open_)
        if reading is None or not reading.labels & open_:
            return checked, None
        by = size_factor._sizes(problem)[min(reading.labels & open_)]
        undone = Rule(own.rule.forward, _divided(own.rule.backward, by))
        rules = {own.name: named_rule(undone, own.names)}
        whole = examined(replace(own, rule=undone), replace(problem, rules=rules))
        if any(party in MINE for _, party in whole.disagreements):
            return checked, None
        measures = {
            key: replace(m, verdict=Verdict.CONVENTION, reason=reading.said)
            if key[1] in MINE and m.verdict is Verdict.DISAGREE
            else m
            for key, m in checked.measures.items()
        }
        return replace(checked, measures=measures), reading

    def _other(self, own: Own, problem: Problem) -> Checked:
        """The verdicts on numbers that depend on the shapes alone; many draws, and most steps of a search for the
        smallest, have shapes that were met before."""
        config = problem.network.nodes[0].config
        given = problem.arrays.items()
        held = [(name, a.shape, b"" if problem.network.moves(name) else a.tobytes()) for name, a in given]
        key = (problem.dtype, problem.dy.shape, tuple(held), repr(sorted(config.items(), key=str)))
        if key not in self.seen:  # the problem is kept, so that no other option can come to have this repr
            self.seen[key] = problem, examined(own, problem)
        return self.seen[key][1]

    def own(self, case: Case, arrays: Mapping[str, np.ndarray]) -> Own:
        """The subject at the options of this case."""
        subject, config, values = self.plan.subject, case.network.nodes[0].config, list(arrays.values())
        return Own(
            name=subject.name,
            rule=subject.rule(self.plan.reseed),
            names=tuple(arrays),
            moves=tuple(n not in self.plan.fixed and a.dtype.kind not in "iub" for n, a in arrays.items()),
            source=subject.source,
            call=subject.call(config, values),
            inputs=len(self.plan.described) if subject.kind == "layer" else None,
            ordinary=subject.kind in ("pair", "layer"),
            # with other random numbers the second step is another one
            stale="" if self.plan.reseed else subject.observe(config, values),
            torch=self.mirrors.get("torch"),
            jax=self.mirrors.get("jax"),
        )


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
