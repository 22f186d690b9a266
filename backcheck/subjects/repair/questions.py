"""What a wrong rule is asked again while it is repaired: cases that tell right from wrong, and many draws.

A check of one place knows no more than its arrays: other cases have their axes, each size with a name of its own.
"""

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from hypothesis import Phase
from hypothesis.strategies import SearchStrategy

from backcheck.problem import Problem, pose
from backcheck.session import among
from backcheck.strategies.case import Case
from backcheck.strategies.catalogue.sizes import EVERY_SIZE, some_sizes
from backcheck.subjects.arrays import is_integer
from backcheck.subjects.drawn.cases import DrawnCases, DrawPlan, Refusals
from backcheck.subjects.drawn.objects import Handling
from backcheck.subjects.fuzz.case_search import search
from backcheck.subjects.fuzz.drawn_check import DrawnChecks
from backcheck.subjects.fuzz.like_question import LikeQuestion, asker, subject_of, table_with
from backcheck.subjects.fuzz.rule_check import verified
from backcheck.subjects.fuzz.rule_question import RuleQuestion, first_look
from backcheck.subjects.fuzz.verification import Verification
from backcheck.subjects.fuzz.verify_like import verified_like
from backcheck.subjects.lines.line_coverage import LineCoverage
from backcheck.subjects.result.check import Check
from backcheck.subjects.stateful.calls import calls_of
from backcheck.subjects.stateful.object_copy import copied
from backcheck.verdicts.check import examine

DRAWN, MOST_ENTRIES = 60, 60
AXES = "nmkdhpqrst"


class Questions(Protocol):
    """How the code, as it is now, is asked."""

    def cases(self, number: int) -> Sequence[Case]:
        """Cases of ordinary numbers, of several shapes and options, those first that tell most."""

    def every_kind(self, number: int) -> Sequence[Case]:
        """Cases as they are drawn, with ties and zeros."""

    def problem(self, case: Case) -> Problem:
        """One case as a problem for the engine."""

    def check(self, case: Case) -> Check:
        """The verdicts on one case."""

    def again(self, check: Check) -> Check:
        """The verdicts on what was checked before."""

    def verify(self, draws: int, seed: int) -> Verification:
        """So many draws."""


@dataclass
class RuleQuestions:
    """Those of `verify_rule`."""

    question: RuleQuestion
    seed: int = 0
    drawn: int = DRAWN

    @cached_property
    def _plan(self) -> DrawPlan:
        return first_look(self.question.plan(), self.seed, self.question.fixed)

    def cases(self, number: int) -> Sequence[Case]:
        return telling(_drawn(DrawnCases(replace(self._plan, plain=True)), self.seed, self.drawn), number)

    def every_kind(self, number: int) -> Sequence[Case]:
        return _drawn(DrawnCases(self._plan), self.seed, self.drawn)[:number]

    def problem(self, case: Case) -> Problem:
        return self._checks.posed(case)[1]

    def check(self, case: Case) -> Check:
        return self._checks.again(case)

    def again(self, check: Check) -> Check:
        return self.check(check.case())

    @property
    def _checks(self) -> DrawnChecks:
        """Without what those before have learned: the code was another one then."""
        plan = replace(self.question.plan(), seen=self._plan.seen, config=self._plan.config)
        return DrawnChecks(plan, "", self.question.meant, self.question.order)

    def verify(self, draws: int, seed: int) -> Verification:
        return verified(self.question, draws, seed, coverage=False)


@dataclass
class LikeQuestions:
    """Those of `verify_like`."""

    question: LikeQuestion
    seed: int = 0

    def cases(self, number: int) -> Sequence[Case]:
        strategy = self.question.alone(("float64",), True, some_sizes(self.seed))
        return telling(_drawn(strategy, self.seed), number)

    def every_kind(self, number: int) -> Sequence[Case]:
        return _drawn(self.question.alone(("float64",), False, EVERY_SIZE), self.seed)[:number]

    def problem(self, case: Case) -> Problem:
        arrays, dy = case.make()
        table = table_with(self.question.name, subject_of(self.question, LineCoverage()))
        return replace(pose(case.network, arrays, dy, rules=table), drawn=True)

    def check(self, case: Case) -> Check:
        return asker(self._asked, subject_of(self.question, LineCoverage()), Refusals(), LineCoverage())(case)

    def again(self, check: Check) -> Check:
        return replace(check, checked=examine(check.checked.problem, self._asked.oracles))

    def verify(self, draws: int, seed: int) -> Verification:
        return verified_like(self._asked, draws, seed, LineCoverage())

    @property
    def _asked(self) -> LikeQuestion:
        return replace(self.question, oracles=among(self.question.oracles))


def _drawn(strategy: SearchStrategy[Case], seed: int, most: int = DRAWN) -> list[Case]:
    found: list[Case] = []

    def enough(case: Case) -> bool:
        found.append(case)
        return len(found) >= most

    search(strategy, enough, most, seed, [Phase.generate])
    return found


def telling(cases: Sequence[Case], number: int) -> list[Case]:
    """So many of the cases: of a few entries, with axes of several sizes, and no two of the same options and shapes
    while there are others."""
    ordered = sorted((case for case in cases if entries_of(case)), key=_tells)
    found: list[Case] = []
    met: set[str] = set()
    for key in (_options, _shapes, _each):
        for case in ordered:
            if len(found) < number and case not in found and key(case) not in met:
                found.append(case)
                met |= {_options(case), _shapes(case), _each(case)}
    return found


def entries_of(case: Case) -> int:
    return sum(recipe.size for recipe in case.arrays.values())


def _tells(case: Case) -> tuple[int, int]:
    """Few entries, and no axis of one entry, nor two axes of the same size in an array."""
    sizes = [recipe.shape for recipe in case.arrays.values()]
    alike = sum(len(shape) - len({n for n in shape if n > 1}) for shape in sizes)
    return alike + (entries_of(case) > MOST_ENTRIES) * 10, entries_of(case)


def _options(case: Case) -> str:
    return f"options {sorted(case.network.nodes[0].config.items(), key=str)!r} {[*case.arrays]}"


def _shapes(case: Case) -> str:
    return f"{_options(case)} shapes {[each.shape for each in case.arrays.values()]}"


def _each(case: Case) -> str:
    return case.id


def questions_of(check: Check) -> Questions:
    """How the code of a check is asked: as it was drawn, or by the axes of its arrays."""
    if isinstance(check.question, LikeQuestion):
        return LikeQuestions(check.question)
    return RuleQuestions(check.question if check.question is not None else question_of(check))


def question_of(check: Check) -> RuleQuestion:
    """The question of a check of one place: its arrays by their axes, its options as they are.

    JAX compiles anew for each size: of its functions other numbers are drawn, and no other sizes.
    """
    code, problem = check.subject.code, check.checked.problem
    config, said = dict(problem.network.nodes[0].config), code.said
    held = {name for name, array in problem.arrays.items() if is_integer(array)}
    seen = check.subject.seen
    fixed = tuple(name for name in seen.fixed if name not in held and name not in seen.silent)
    arrays = list(problem.arrays.values())
    inputs = arrays if code.inputs is None else arrays[: code.inputs]
    parameters = [] if code.inputs is None else arrays[code.inputs :]
    return RuleQuestion(
        rule=code.given if code.kind != "layer" else _maker(code.given),
        arrays=tuple(lines_of(inputs, arrays if code.kind == "jax" else parameters)),
        config=config,
        kind=code.kind,
        dtypes=(problem.dtype,),
        handling=Handling(said.get("params"), said.get("grads"), calls_of(said.get("methods"), said.get("reset"))),
        training=said.get("training"),
        fixed=fixed,
        torch=code.torch if code.is_numpy else None,
        jax=code.jax if code.is_numpy else None,
    )


def _maker(layer: Any) -> Any:
    """What makes the object: a class or a function as it is, and copies of one that was made already."""
    if inspect.isclass(layer) or inspect.isfunction(layer):
        return layer

    def copies() -> Any:
        return copied(layer)

    return copies


def lines_of(arrays: Sequence[np.ndarray], held: Sequence[np.ndarray] = ()) -> Iterator[str]:
    """The axes of arrays in the form of `verify_rule`: each size by a letter, and by its number where a parameter has
    it, or where it is 1.

    >>> list(lines_of([np.ones((4, 3)), np.ones((3, 2))]))
    ['n m', 'm k']
    """
    letters: dict[int, str] = {}
    sizes_held = {size for array in held for size in array.shape}
    for array in arrays:
        axes = []
        for size in array.shape:
            if size == 1 or size in sizes_held:
                axes.append(str(size))
                continue
            if size not in letters:
                letters[size] = AXES[len(letters)] if len(letters) < len(AXES) else f"axis{len(letters)}"
            axes.append(letters[size])
        yield " ".join([*axes, *_of_integers(array)])


def _of_integers(array: np.ndarray) -> list[str]:
    if array.dtype.kind == "b":
        return ["?"]
    return [f"<{int(array.max(initial=0)) + 1}"] if is_integer(array) else []
