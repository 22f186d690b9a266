"""What `verify_rule` is asked, and how cases are drawn for it: the plan, with what the first calls showed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from hypothesis import Phase
from hypothesis.strategies import SearchStrategy, tuples

from backcheck.errors import BadInput
from backcheck.session import asked
from backcheck.signature import without_options
from backcheck.strategies.case import Case
from backcheck.strategies.literals import literals_of
from backcheck.subjects.arrays import names_of
from backcheck.subjects.drawn.cases import PATIENCE, DrawnCases, DrawPlan, Refusals
from backcheck.subjects.drawn.families import any_forward, family_of
from backcheck.subjects.drawn.objects import Handling
from backcheck.subjects.drawn.shapes import Described, describe, describe_drawn
from backcheck.subjects.first_call import FirstCall, Names, first_call, with_fixed
from backcheck.subjects.fuzz.case_search import search
from backcheck.subjects.stateful.modes import MODE
from backcheck.time_limit import OutOfTime, time_limit

USUAL_DRAWS = 200
FEW = 5  # draws that are taken before the largest of them is looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleQuestion:
    """The arguments of `verify_rule` that say what is drawn and how it is judged."""

    rule: Any
    arrays: Any = None
    config: Mapping[str, Any] = field(default_factory=dict)
    kind: str | None = None
    dtypes: tuple[str, ...] = ("float64",)
    handling: Handling = field(default_factory=Handling)
    fixed: Names = ()
    meant: Any = None
    order: int = 1
    training: bool | None = None
    torch: Callable[..., Any] | None = None
    jax: Callable[..., Any] | None = None

    def plan(self) -> DrawPlan:
        """What is drawn, before anything is called. Raises BadInput for what cannot be asked."""
        arrays, config = self.arrays, dict(self.config)
        if isinstance(arrays, tuple | list) and arrays and all(isinstance(each, SearchStrategy) for each in arrays):
            arrays = tuples(*arrays)
        family, described = family_of(
            self.rule,
            self.kind,
            lambda function: _described(without_options(function, config), arrays),
            config,
            self.handling,
            torch=self.torch,
            jax=self.jax,
        )
        if self.training is not None:
            config = {**config, MODE: self.training}
        strategy = arrays if isinstance(arrays, SearchStrategy) else None
        codes = self.rule if isinstance(self.rule, tuple) else (self.rule,)
        return DrawPlan(family, described, config, self.dtypes, strategy, literals=literals_of(*codes))


def _described(function: Callable[..., Any], arrays: Any) -> Sequence[Described]:
    if not isinstance(arrays, SearchStrategy):
        return describe(function, arrays)
    once = search(arrays, lambda _: True, 1, 0, [Phase.generate])
    if not once:
        raise BadInput("arrays: nothing could be drawn from the strategy")
    return describe_drawn(function, once[0])


def first_look(plan: DrawPlan, number: int, fixed: Names) -> DrawPlan:
    """The plan with what the first call showed. Raises BadInput when nothing drawn is taken, or it is no subject."""
    taken: list[Case] = []

    def enough(case: Case) -> bool:
        taken.append(case)
        return len(taken) >= FEW

    search(DrawnCases(plan), enough, 100, number, [Phase.generate])
    if not taken:
        why, times = (plan.refusals.why.most_common(1) or [("nothing could be drawn", 0)])[0]
        domain = plan.refusals.domain
        if plan.refusals.late:
            raise OutOfTime(plan.refusals.late[0])
        if domain.outside > times:
            raise BadInput(f"{plan.name}: {'; '.join(domain.notes(plan.lines))}")
        raise BadInput(
            f"{plan.name} takes none of the arrays that were drawn ({times} of {plan.refusals.drawn} draws: "
            f"{why}). Check the descriptions of the arrays, and the options"
        )
    named = _with_names_of_object(plan, taken[0])
    if named is not plan:
        return first_look(named, number, fixed)
    case, seen = _called(plan, sorted(taken, key=_nonzero))
    arrays = case.make()[0]
    if fixed:
        seen = with_fixed(seen, list(arrays), list(arrays.values()), fixed)
    config = case.network.nodes[0].config
    modes = {} if MODE in plan.config else plan.family.modes(config, list(arrays.values()))
    late = plan.refusals.late
    refusals = Refusals(late=late, patience=len(late) + PATIENCE)
    return replace(plan, config={**plan.config, **modes}, seen=seen, refusals=refusals)


def _with_names_of_object(plan: DrawPlan, case: Case) -> DrawPlan:
    """The plan with the names that the object's forward has for its arrays, where a function made the object."""
    names = plan.family.inputs(case.network.nodes[0].config, list(case.make()[0].values()))
    unnamed = tuple(each.name for each in plan.described) == names_of(any_forward, len(plan.described))
    if not unnamed or not names or names == names_of(any_forward, len(names)):
        return plan
    named = [replace(each, name=name) for each, name in zip(plan.described, names, strict=True)]
    return replace(plan, described=named, refusals=Refusals())


def _called(plan: DrawPlan, cases: list[Case]) -> tuple[Case, FirstCall]:
    """The last of the cases in which forward and backward can be called. Raises BadInput when there is none,
    and OutOfTime where too many do not return."""
    case = cases.pop()
    arrays, _ = case.make()
    try:
        with time_limit(asked().seconds):
            seen = first_call(plan.family.code, tuple(arrays), list(arrays.values()), case.network.nodes[0].config)
        return case, seen
    except OutOfTime as late:
        plan.refusals.late.append(str(late))
        if not cases or plan.refusals.out_of_patience:
            raise
        cases = cases[:1]  # the smallest
    except BadInput as error:
        if not cases or error.__cause__ is None:  # what raises here may not elsewhere
            raise
    return _called(plan, cases)


def _nonzero(case: Case) -> int:
    return sum(int(np.count_nonzero(array)) for array in case.make()[0].values())
