"""Cases that are drawn for code that no case has reached: other sizes, and numbers that its condition names.

They are only looked at, by one call of forward and backward, until one reaches something new; that one is judged.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import reject
from hypothesis.strategies import SearchStrategy

from backcheck.strategies.arrays import ArrayRecipe, explicit, make
from backcheck.strategies.case import Case
from backcheck.strategies.choice import MAX_CHOICES, Pick, any_of
from backcheck.subjects.arrays import is_integer
from backcheck.subjects.behaviour import behaviour_at
from backcheck.subjects.drawn.cases import DrawnCases, DrawPlan, Refusals
from backcheck.subjects.drawn.shapes import Axis, Described
from backcheck.subjects.drawn.sizes import AxisSize
from backcheck.subjects.drawn.value_range import ValueRange
from backcheck.subjects.fuzz.reached import uncompiled
from backcheck.subjects.lines.blocks import Arc
from backcheck.subjects.lines.conditions import Sought, sought_by
from backcheck.subjects.lines.line_coverage import LineCoverage
from backcheck.subjects.pairs.generators import Generators
from backcheck.subjects.user_code import UserCode

ROUNDS = 3  # code that is reached may have code of its own that is not
PATIENCE = 40  # cases of one round that are looked at in vain: what nothing reaches is not to cost as much as all draws
SMALL = (1, 2, 3)  # sizes of the other axes, beside a large one

Strategies = tuple[SearchStrategy[Case], SearchStrategy[Case]]


class SoughtCases(SearchStrategy[Case]):
    """The cases of a plan with sizes and numbers that were asked for, of which those are kept that reach something."""

    def __init__(self, plan: DrawPlan, sought: Sought, lines: LineCoverage | None) -> None:
        super().__init__()
        self._plan, self._sought, self._lines = plan, sought, lines
        self._before = {} if lines is None else lines.arcs()
        self._in_vain = 0

    def do_draw(self, data: Any) -> Case:
        def pick(choices: Sequence[Any], /) -> Any:
            return choices[data.draw_integer(0, len(choices) - 1)]

        if self._in_vain >= PATIENCE:
            reject()
        plan = self._plan
        if self._sought.sizes and plan.given is None and pick((True, True, False)):
            plan = _with_size(plan, pick, self._sought.sizes)
        case = DrawnCases(plan).do_draw(data)
        if self._sought.values and pick((True, False)):
            case = with_values({each.name: each.within for each in plan.described}, case, pick, self._sought.values)
        if self._lines is not None and not self._is_new(case, self._lines):
            self._in_vain += 1
            reject()
        return case

    def _is_new(self, case: Case, lines: LineCoverage) -> bool:
        arrays, config = case.make()[0], case.network.nodes[0].config
        code = self._plan.family.at(config, list(arrays.values()))
        return reaches_more(lines, self._before, code, case, self._plan.seen.behaviour.generators)

    def __repr__(self) -> str:
        return f"cases of {self._plan.name} for what is not reached"


def sought_cases(plan: DrawPlan, lines: LineCoverage) -> Iterator[Strategies]:
    """Strategies, one after the other, as long as something is missed and the last one has found some of it.

    Each comes with the same one that keeps all cases: by that a case that fails is made small.
    """
    before, plan = None, replace(plan, refusals=Refusals())
    for _ in range(ROUNDS):
        missed = lines.missed()
        if not missed or missed == before:
            return
        before, sought = missed, sought_by(missed)
        yield SoughtCases(plan, sought, lines), SoughtCases(plan, sought, None)


def _with_size(plan: DrawPlan, pick: Pick, sizes: Sequence[int]) -> DrawPlan:
    """The plan with one axis of such a size, and the others small."""
    names = list(dict.fromkeys(axis.name for each in plan.described for axis in each.axes if _is_free(axis)))
    if not names:
        return plan
    large = pick(names[:MAX_CHOICES])
    chosen = {name: any_of(pick, sizes) if name == large else pick(SMALL) for name in names}
    least = {axis.name: axis.least_of_name for each in plan.described for axis in each.axes if _is_free(axis)}
    chosen = {name: max(size, least[name]) for name, size in chosen.items()}
    described = [_fixed(each, chosen) for each in plan.described]
    config = {name: _fixed_option(choices, chosen) for name, choices in plan.config.items()}
    return replace(plan, described=described, config=config)


def _is_free(axis: AxisSize) -> bool:
    return bool(axis.name) and not axis.starred


def _fixed(each: Described, chosen: Mapping[str, int]) -> Described:
    axes = tuple(AxisSize(plus=axis.of(chosen)[0]) if _is_free(axis) else axis for axis in each.axes)
    return replace(each, axes=axes, below=str(chosen[each.below]) if each.below in chosen else each.below)


def _fixed_option(choices: Any, chosen: Mapping[str, int]) -> Any:
    if isinstance(choices, Axis):
        return chosen.get(choices.name, choices)
    return [_fixed_option(each, chosen) for each in choices] if isinstance(choices, list) else choices


def reaches_more(
    lines: LineCoverage, before: Mapping[str, Set[Arc]], code: UserCode, case: Case, generators: Generators
) -> bool:
    """Does one call of forward and backward at this case run what was not run before?"""
    arrays, config = case.make()[0], case.network.nodes[0].config
    with np.errstate(all="ignore"), uncompiled(code), lines.probe(before) as more:
        behaviour_at(code, tuple(arrays), list(arrays.values()), config, generators)
        return more()


def with_values(within: Mapping[str, ValueRange], case: Case, pick: Pick, values: Sequence[float]) -> Case:
    """The case with some of these numbers in one of its arrays, where they lie in its range."""
    movable = [name for name, recipe in case.arrays.items() if recipe.size and recipe.classes is None]
    if not movable:
        return case
    name = pick(movable[:MAX_CHOICES])
    array = make(case.arrays[name], case.dtype).astype(np.float64)
    if is_integer(array):
        return case
    flat, chosen = array.reshape(-1), any_of(pick, values)
    everywhere = pick((False, False, True))
    for at in range(flat.size) if everywhere else [pick(range(min(flat.size, MAX_CHOICES)))]:
        flat[at] = chosen
    if name in within and not within[name].holds(array).all():
        return case
    recipe: ArrayRecipe = explicit(array)
    return replace(case, arrays={**case.arrays, name: recipe})
