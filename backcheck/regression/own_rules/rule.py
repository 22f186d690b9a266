"""One rule of somebody's table: its arrays and options are found, its cases drawn, and it is run and judged."""

import inspect
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from backcheck.containment import raised
from backcheck.errors import BackcheckError, BadInput
from backcheck.regression.own_rules.table import TableEntry
from backcheck.regression.own_rules.trial import by_trial
from backcheck.strategies.case import Case
from backcheck.subjects.drawn.cases import DrawPlan
from backcheck.subjects.drawn.families import Functions
from backcheck.subjects.drawn.shapes import Axis
from backcheck.subjects.fuzz.drawn_check import DrawnChecks
from backcheck.subjects.fuzz.rule_question import RuleQuestion, first_look
from backcheck.subjects.pairs.outputs import each_of, pack, unpack
from backcheck.subjects.pairs.pair import split
from backcheck.subjects.user_code import UserCode, of_pair
from backcheck.verdicts.check import Checked
from scratch_bp.rules import Rule

MOST_COUNTED = 5  # arrays of a function that says nothing of how many it takes
# what the sizes that a class wants may be: an axis of its input, or any number
WANTED_SIZES: tuple[Any, ...] = (Axis("d"), [4, 1, 3], Axis("c"), Axis("n"))
MOST_WANTED = 3
LOOKS = 3  # seeds that are tried until some draws are taken


class OwnRule:
    """`name` is that in the table. Its plan, which says what is drawn, is found when it is first asked for."""

    def __init__(self, name: str, entry: TableEntry) -> None:
        self.name, self.question = name, entry.question

    @cached_property
    def options(self) -> dict[str, str]:
        """What its forward, or its class, takes beside arrays, with each default as text."""
        return {p.name: "" if p.default is p.empty else repr(p.default) for p in _options(self.question.rule)}

    @cached_property
    def plan(self) -> DrawPlan:
        """What is drawn. Raises BadInput where no arrays are found that it takes."""
        question = self.question
        found = _annotated(question) if question.arrays is None else question
        plan = (found or _tried(question)).plan()
        # its name is that of the table, in every record and in every case
        plan.family.code = replace(plan.family.code, name=self.name)
        for number in range(LOOKS):
            with suppress(BadInput):
                return first_look(plan, number, question.fixed)
        return first_look(plan, LOOKS, question.fixed)

    @cached_property
    def refusal(self) -> str:
        """Why it cannot be drawn; empty where it can."""
        try:
            with np.errstate(all="ignore"):
                assert self.plan
        except BackcheckError as error:
            return str(error)
        except (Exception, SystemExit) as error:  # the code may raise anything when it is tried
            return raised(error)
        return ""

    def run(self, arrays: Sequence[np.ndarray], config: Mapping[str, Any]) -> tuple[Any, Callable[[Any], list[Any]]]:
        """The value as one array, and what gives the gradients for a cotangent of it."""
        code = self._code
        y, saved = split(code.forward, code.forward(*arrays, **config))
        value, form = pack(y)
        return value, lambda dy: each_of(code.backward(saved, unpack(form, dy)))

    @cached_property
    def _code(self) -> UserCode:
        """Also where no arrays were found that the code takes: what a pair raises is said in its own words."""
        rule = self.question.rule
        if self.refusal and isinstance(rule, tuple):
            return of_pair(*rule)
        return self.plan.family.code

    @cached_property
    def rule(self) -> Rule:
        """The rule as a network runs it, with one output."""

        def forward(*arrays: Any, **config: Any) -> tuple[Any, Any]:
            return self._as_rule.forward(*arrays, **config)

        return Rule(forward, lambda saved, dy: self._as_rule.backward(saved, dy))

    @cached_property
    def _as_rule(self) -> Rule:
        return self.plan.family.code.rule(self.plan.seen.behaviour.generators)

    def check(self, case: Case) -> Checked:
        """Everybody's verdicts on the case, as `verify_rule` has them."""
        checks = DrawnChecks(self.plan, meant=self.question.meant, order=self.question.order)
        return checks.again(case).checked


def _options(rule: Any) -> Iterator[inspect.Parameter]:
    """The parameters that are options: all of what makes an object, and of a function those with a default."""
    made = inspect.isclass(rule) and not hasattr(rule, "apply")
    function = rule[0] if isinstance(rule, tuple) else rule
    if inspect.isclass(rule) and not made:
        function = getattr(rule, "forward")  # noqa: B009  # of an autograd.Function
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    yield from (p for p in parameters if p.kind not in kinds and (made or p.default is not p.empty))


def _with_options(question: RuleQuestion) -> RuleQuestion:
    """The question with some values for each option that has a default, where nothing is said of it."""
    drawn = {
        p.name: _values(p.default)
        for p in _options(question.rule)
        if p.default is not p.empty and p.default is not None and p.kind is not p.POSITIONAL_ONLY
    }
    return replace(question, config={**drawn, **question.config})


def _values(default: Any) -> Any:
    """The default most often, and others: what an option does shows only where it is another."""
    if isinstance(default, bool):
        return [default, default, not default]
    if isinstance(default, int):
        return [default, default, *((0, 1, -2) if default < 0 else (default + 1, 1))]
    if isinstance(default, float):
        return [default, default, 2 * default or 0.5, 0.25]
    return [default]


def _annotated(question: RuleQuestion) -> RuleQuestion | None:
    """The question where the annotations of forward say its arrays; None where they do not."""
    optioned = _with_options(question)
    for each in (optioned, question):
        with suppress(BadInput):
            plan = each.plan()
            if all(described.axes != () for described in plan.described) and not _is_guess(plan):
                return each
    return None


def _is_guess(plan: DrawPlan) -> bool:
    """Is the one array described by no annotation? Then it may have any shape, and not every function takes that."""
    (first, *others) = plan.described
    return not others and first.line == "*any"


def _tried(question: RuleQuestion) -> RuleQuestion:
    """The question with the arrays and options that fit by trial. Raises BadInput where none do."""
    for each in (_with_options(question), question):
        for names, optional in _counts(each):
            config = {key: kept for key, kept in each.config.items() if key not in optional}
            for wanted in _wanted(each):
                found = _lines(replace(each, config={**config, **wanted}), names)
                if found is not None:
                    return found
    said = ", ".join(name for names, _ in itertools.islice(_counts(question), 1) for name in names)
    raise BadInput(
        f"no shapes were found that it takes ({said or 'its arrays are not known'}); say them in the table: "
        '{"rule": ..., "arrays": ["n d", "d k"], "config": {...}}, or annotate forward with jaxtyping'
    )


def _counts(question: RuleQuestion) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The names of the arrays: those that must be there, and then those that may be left out too."""
    try:
        probe = replace(question, arrays=("*any",)).plan().family
    except BadInput:
        probe = None
    function = probe.code.signature if probe is not None else _forward(question.rule)
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        parameters = ()  # type: ignore[assignment]
    placed = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    placed = [p for p in placed if p.name not in question.config and p.name not in ("self", "ctx")]
    required = tuple(p.name for p in placed if p.default is p.empty)
    every = tuple(p.name for p in placed if p.default in (p.empty, None))
    if required:
        yield required, ()
    if len(every) > len(required):
        yield every, every[len(required) :]
    if not every:
        for count in range(1, MOST_COUNTED + 1):
            yield tuple(f"x{at}" for at in range(1, count + 1)) if count > 1 else ("x",), ()


def _forward(rule: Any) -> Any:
    return rule[0] if isinstance(rule, tuple) else getattr(rule, "forward", rule)


def _wanted(question: RuleQuestion) -> Iterator[dict[str, Any]]:
    """Values for the options that have no default: of a class, the sizes of its parameters."""
    names = [p.name for p in _options(question.rule) if p.default is p.empty and p.name not in question.config]
    if len(names) <= MOST_WANTED:
        # sizes that are all different go first: square weights hide what is transposed
        chosen = sorted(itertools.product(range(len(WANTED_SIZES)), repeat=len(names)), key=lambda at: -len(set(at)))
        yield from (dict(zip(names, (WANTED_SIZES[at] for at in each), strict=True)) for each in chosen)


def _lines(question: RuleQuestion, names: Sequence[str]) -> RuleQuestion | None:
    try:
        family = replace(question, arrays=("*any",) * len(names)).plan().family
    except BadInput:
        return None

    def config(bound: Mapping[str, Any]) -> dict[str, Any]:
        first = {key: kept[0] if isinstance(kept, list) else kept for key, kept in question.config.items()}
        return {key: bound.get(kept.name) if isinstance(kept, Axis) else kept for key, kept in first.items()}

    code = family.code if isinstance(family, Functions) else _with_parameters(family, len(names))
    described = by_trial(code, names, config)
    if described is None:
        return None
    lines = [
        " ".join([each.line, *(["?"] if each.boolean else [f"<{each.below}"] if each.below else [])])
        for each in described
    ]
    axes = {axis.name for each in described for axis in each.axes}
    if any(isinstance(kept, Axis) and kept.name not in axes for kept in question.config.values()):
        return None
    return replace(question, arrays=tuple(lines))


def _with_parameters(family: Any, inputs: int) -> UserCode:
    """The code of an object as a function of its inputs alone."""

    def forward(*arrays: np.ndarray, **config: Any) -> tuple[Any, Any]:
        held = [value for _, value in family.parameters(config, list(arrays))]
        return split(family.code.forward, family.code.forward(*arrays, *held, **config))

    def backward(saved: Any, dy: Any) -> list[Any]:
        return list(each_of(family.code.backward(saved, dy)))[:inputs]

    code: UserCode = family.code
    return replace(code, forward=forward, backward=backward)
