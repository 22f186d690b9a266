"""verify_rule: many drawn cases of somebody's code, the first that fails made small, and what is wrong said."""

import inspect
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import HypothesisException
from hypothesis.strategies import SearchStrategy

from backcheck.case import Case
from backcheck.own import readings
from backcheck.own.check import JUDGED, Check, examined
from backcheck.own.drawing import Cases, Plan, Refusals
from backcheck.own.listening import announce
from backcheck.own.places import Where
from backcheck.own.shapes import Described, describe
from backcheck.own.subject import Own
from backcheck.own.subjects import subject_of
from backcheck.own.trial import attempt
from backcheck.parties import calm
from backcheck.problem import SUBJECT, BadInput
from backcheck.saying import say
from backcheck.shrink import simpler_arrays
from reports import check_html
from reports.record import Record, Verdict

DRAWS = 200
MOST_NOTES = 4
FEW = 5  # draws that must be taken, or the descriptions do not fit the code


class _Found(Exception):
    """Raised inside Hypothesis for a case that fails in the same way."""


@dataclass(frozen=True)
class Verification:
    """What many drawn cases came to. Truthy when nothing disagreed and something was judged.

    `failure` is the smallest case found that fails, as a Check; `counts` the verdicts on the subject's gradients;
    `notes` what a reader should know beside them.
    """

    name: str
    cases: int
    counts: Mapping[Verdict, int]
    records: tuple[Record, ...]
    failure: Check | None
    notes: tuple[str, ...]

    @property
    def verdict(self) -> Verdict:
        """A disagreement if there is one, else the best that was reached."""
        if self.failure is not None:
            return Verdict.DISAGREE
        return next((verdict for verdict in (*JUDGED, *Verdict) if self.counts.get(verdict)), Verdict.UNAVAILABLE)

    def __bool__(self) -> bool:
        return self.verdict in JUDGED

    def explain(self) -> str:
        """The failure explained, or the summary."""
        return str(self) if self.failure is None else f"{self}\n\n{self.failure.explain()}"

    def assert_ok(self) -> None:
        """Raise AssertionError with the explanation unless truthy."""
        if not self:
            raise AssertionError(f"\n{self.explain()}")

    @cached_property
    def _lines(self) -> tuple[str, ...]:
        counted = ", ".join(f"{count} {verdict}" for verdict, count in self.counts.items() if count)
        return (f"{self.cases} cases drawn; the gradients: {counted or 'none'}", *self.notes)

    def __str__(self) -> str:
        return "\n".join([f"{self.verdict.upper()}  {self.name}", *(f"  {line}" for line in self._lines)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        if self.failure is not None:
            return self.failure._repr_html_()
        return check_html(str(self.verdict), self.name, [], self._lines)


def verify_rule(
    rule: Any,
    arrays: Any = None,
    config: Mapping[str, Any] | None = None,
    *,
    kind: str | None = None,
    draws: int = DRAWS,
    dtypes: Sequence[str] = ("float64",),
    params: Where = None,
    grads: Where = None,
    torch: Callable[..., Any] | None = None,
    jax: Callable[..., Any] | None = None,
    seed: int = 0,
) -> Verification:
    """Fuzz one rule over shapes, values, cotangents and options, and explain the smallest case that fails.

    `rule` is a (forward, backward) pair, a class or a function that makes an object with forward and backward, a
    torch.autograd.Function or callable, or a JAX function with custom rules; `kind` says which ("pair", "layer",
    "torch", "jax") where it cannot be seen. `arrays` describes what forward takes, a line each: "n d", "*batch d",
    "n <classes", "n ?", "n d >0" (see backcheck.own.shapes), or is a Hypothesis strategy of a tuple of arrays; without
    it the jaxtyping annotations of forward say it. `config` has for each option (of forward, or of what makes the
    object) a list to choose from, a strategy, or one value; Axis("d") is the size of an axis. `dtypes` are drawn too.

    Raises BadInput when the subject takes none of what is drawn, or cannot be checked at all.
    """
    calm()
    what, described = subject_of(rule, kind, lambda function: _described(function, arrays), params, grads)
    strategy = arrays if isinstance(arrays, SearchStrategy) else None
    plan = Plan(what, described, dict(config or {}), tuple(dtypes), frozenset(), strategy)
    plan, notes = _first_look(plan, seed)
    mirrors = {"torch": torch, "jax": jax, **({what.kind: what.mirror} if what.mirror else {})}
    hunt = Hunt(what.name, Cases(plan), Asking(plan, mirrors), list(notes), plan.refusals)
    return announce(hunt.run(draws, seed))


def _described(function: Callable[..., Any], arrays: Any) -> Sequence[Described]:
    if not isinstance(arrays, SearchStrategy):
        return describe(function, arrays)
    required = [p for p in inspect.signature(function).parameters.values() if p.default is p.empty]
    names = [p.name for p in required if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if not names:
        raise BadInput("arrays is a strategy, and forward has no parameters to name its arrays by; describe them")
    return tuple(Described(name, ()) for name in names)


def _first_look(plan: Plan, number: int) -> tuple[Plan, tuple[str, ...]]:
    """What the simplest case that the subject takes shows. Raises BadInput when it takes none, or is no subject."""
    taken: list[Case] = []

    @_settings(100, number, [Phase.generate])
    @given(Cases(plan))
    def collect(case: Case) -> None:
        taken.append(case)
        if len(taken) >= FEW:
            raise _Found

    with suppress(_Found, HypothesisException):
        collect()
    if not taken:
        why, times = (plan.refusals.why.most_common(1) or [("nothing could be drawn", 0)])[0]
        raise BadInput(
            f"{plan.subject.name} takes none of the arrays that were drawn ({times} of {plan.refusals.drawn} draws: "
            f"{why}). Check the descriptions of the arrays, and the options"
        )
    case = max(taken, key=lambda each: sum(recipe.size for recipe in each.arrays.values()))
    arrays, _ = case.make()
    config = case.network.nodes[0].config
    trial = attempt(plan.subject.name, plan.subject.raw[0], plan.subject.raw[1], list(arrays.values()), config)
    fixed = frozenset(name for name, moves in zip(arrays, trial.moves, strict=True) if not moves)
    config = {**plan.config, **plan.subject.modes(config)}
    found = replace(plan, config=config, fixed=fixed, refusals=Refusals(), reseed=trial.reseed)
    return replace(found, precision=trial.precision), trial.notes


def _settings(draws: int, number: int, phases: Sequence[Phase]) -> Callable[[Any], Any]:
    def decorate(test: Any) -> Any:
        chosen = settings(
            max_examples=draws,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=phases,
            report_multiple_bugs=False,
            print_blob=False,
        )
        return seed(number)(chosen(test))

    return decorate


@dataclass
class Asking:
    """How one drawn case of somebody's code is asked and read."""

    plan: Plan
    mirrors: Mapping[str, Callable[..., Any] | None]
    labels: frozenset[str] | None = None

    def __call__(self, case: Case) -> Check:
        arrays, dy = case.make()
        own = self.own(case, arrays)
        with np.errstate(all="ignore"):
            checked = examined(own, own.problem(list(arrays.values()), case.network.nodes[0].config, dy))
            checked, reading = readings.read(own, checked, lambda problem: examined(own, problem), self.labels)
        if reading is not None and reading.labels:
            self.labels = reading.labels if self.labels is None else self.labels & reading.labels
        return Check(own, checked, (reading.said,) if reading else ())

    def own(self, case: Case, arrays: Mapping[str, np.ndarray]) -> Own:
        """The subject at the options of this case."""
        subject, config = self.plan.subject, case.network.nodes[0].config
        return Own(
            name=subject.name,
            rule=subject.rule(self.plan.reseed),
            names=tuple(arrays),
            moves=tuple(n not in self.plan.fixed and a.dtype.kind not in "iub" for n, a in arrays.items()),
            source=subject.source,
            call=subject.call(config),
            inputs=len(self.plan.described) if subject.kind == "layer" else None,
            without=subject.without(config),
            ordinary=subject.kind in ("pair", "layer"),
            stale=subject.observe(config, list(arrays.values()), len(self.plan.described)),
            **self.mirrors,
        )


@dataclass
class Hunt:
    """One search through a strategy of cases: what each came to, and the smallest that fails as the first did."""

    name: str
    cases: SearchStrategy[Case]
    ask: Callable[[Case], Check]
    notes: list[str] = field(default_factory=list)
    refusals: Refusals = field(default_factory=Refusals)
    counts: Counter[Verdict] = field(default_factory=Counter)
    records: list[Record] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    bucket: tuple[str, str, str] | None = None
    best: Case | None = None
    said: str = ""

    def run(self, draws: int, number: int) -> Verification:
        """Draw until something fails, then let Hypothesis make that small, and then its arrays simple."""

        @_settings(draws, number, [Phase.generate, Phase.shrink])
        @given(self.cases)
        def hunt(case: Case) -> None:
            if self.fails(case):
                self.best = case
                raise _Found

        with suppress(_Found, HypothesisException):
            hunt()
        if self.best is not None:
            self.best = simpler_arrays(self.best, self.fails)
        return self._outcome()

    def fails(self, case: Case) -> bool:
        """Does the case fail, and in the same way as the first that did?"""
        check = self.ask(case)
        if self.bucket is None and case.id not in self.seen:
            self._count(case, check)
        if check.finding is None:
            return False
        if self.bucket is None:
            self.bucket = check.finding.bucket
            self.said = say(check.finding, check.checked.problem)
        return check.finding.bucket == self.bucket

    def _count(self, case: Case, check: Check) -> None:
        self.seen.add(case.id)
        self.counts.update(check.measures[name, SUBJECT].verdict for name in check.checked.problem.wanted)
        found = [replace(each, network=len(self.seen) - 1, profile=case.profile) for each in check.records]
        self.records += found
        self.notes += [note for note in check.notes if note not in self.notes][: max(0, MOST_NOTES - len(self.notes))]

    def _outcome(self) -> Verification:
        refused = sum(self.refusals.why.values())
        if refused:
            why = self.refusals.why.most_common(1)[0][0]
            self.notes.append(f"{refused} draws were not taken by {self.name}, most often: {why}")
        failure = replace(self.ask(self.best), said=self.said) if self.best is not None else None
        counts, records = dict(self.counts), tuple(self.records)
        return Verification(self.name, len(self.seen), counts, records, failure, tuple(self.notes))
