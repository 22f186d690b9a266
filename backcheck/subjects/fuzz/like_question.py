"""What `verify_like` is asked: somebody's version of a rule of ours, and the verdicts on one case of it."""

import functools
import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import reject
from hypothesis.strategies import SearchStrategy

from backcheck.errors import BadInput
from backcheck.outputs import apart, joined
from backcheck.problem import pose
from backcheck.session import asked
from backcheck.strategies.case import Case, draw_as_text
from backcheck.strategies.case_strategies import cases
from backcheck.strategies.catalogue import CATALOGUE, Row, signature_of
from backcheck.strategies.catalogue.sizes import Sizes
from backcheck.subjects.drawn.cases import Refusals
from backcheck.subjects.first_call import NOT_CALLED
from backcheck.subjects.lines.line_coverage import LineCoverage
from backcheck.subjects.result.check import Check
from backcheck.subjects.rule_form import RuleForm
from backcheck.subjects.subject import Subject
from backcheck.subjects.user_code import of_pair
from backcheck.time_limit import OutOfTime, time_limit
from backcheck.verdicts.cases import NOT_ENDED, unjudged
from backcheck.verdicts.check import Checked, examine
from backcheck.verdicts.isolation import isolate
from backcheck_reference.frameworks.mirrors import MIRRORS
from backcheck_reports.number_format import counted
from scratch_bp.network import NetworkError
from scratch_bp.rules import RULES, Rule

ORDINARY = ("integers", "lattice", "normal")


@dataclass(frozen=True, slots=True)
class LikeQuestion:
    """The arguments of `verify_like` that say what is drawn and who is asked."""

    name: str
    forward: Callable[..., Any]
    backward: Callable[..., Any]
    dtypes: tuple[str, ...]
    oracles: tuple[str, ...]

    @property
    def catalogue(self) -> Mapping[str, Row]:
        """Ours, with the options of this rule that the function has."""
        return {**CATALOGUE, self.name: _accepted(self.name, self.forward)}

    def alone(self, dtypes: tuple[str, ...], tame: bool, sizes: Sizes) -> SearchStrategy[Case]:
        """Cases of the rule by itself."""
        profiles, own = ORDINARY if tame else None, {self.name: Rule(self.forward, self.backward)}
        return cases(
            (self.name,), dtypes, profiles, max_nodes=1, catalogue=self.catalogue, tame=tame, sizes=sizes, code=own
        )


def subject_of(question: LikeQuestion, lines: LineCoverage) -> Subject:
    """The code as the engine takes it."""
    name = question.name
    code = of_pair(lines.watched("forward", question.forward), lines.watched("backward", question.backward))
    code = replace(code, name=name, torch=MIRRORS[name].torch, jax=MIRRORS[name].jax)
    return Subject(code, code.rule(), (), NOT_CALLED)


def table_with(name: str, subject: Subject) -> Mapping[str, Rule]:
    """Our rules with this one in its place."""
    return {**RULES, name: _in_parts(name, subject.rule)}


def asker(question: LikeQuestion, subject: Subject, refusals: Refusals, lines: LineCoverage) -> Callable[[Case], Check]:
    """What gives the verdicts on a case."""
    name, oracles = question.name, question.oracles
    table = table_with(name, subject)

    def ask(case: Case) -> Check:
        arrays, dy = case.make()
        refusals.drawn += 1
        with np.errstate(all="ignore"):
            try:
                with time_limit(asked().seconds):
                    problem = replace(pose(case.network, arrays, dy, rules=table), drawn=True)
            except OutOfTime as late:
                refusals.late.append(str(late))
                reject()
            except (NetworkError, BadInput) as error:
                refusals.why[str(error)] += 1
                reject()
            try:
                with time_limit(asked().seconds), lines.draw():
                    checked = _blamed(examine(problem, oracles), name, oracles)
            except OutOfTime as late:
                refusals.late.append(str(late))
                checked = unjudged(problem, f"{NOT_ENDED}: {late}")
        kind = Check if len(checked.problem.network.nodes) == 1 else Within
        return kind(subject, checked, question=question)

    return ask


def _in_parts(name: str, rule: Rule) -> Rule:
    """The user's version with as many outputs as the rule has: `as_rule` lays several of them end to end."""
    if not signature_of(name).several:
        return rule

    known = RuleForm(name, rule.forward, rule.backward)

    def forward(*arrays: Any, **config: Any) -> tuple[Any, Any]:
        value, kept = rule.forward(*arrays, **config)
        shapes = [shape for shape in kept.form.shapes if shape is not None]
        wanted = known.known_shapes(arrays, config)
        if wanted is not None and len(wanted) != len(shapes):
            raise BadInput(f"{name} has {counted(len(wanted), 'output')}; forward returns {len(shapes)}")
        return apart(value, shapes), kept

    def backward(kept: Any, dy: tuple[np.ndarray, ...]) -> tuple[Any, ...]:
        return rule.backward(kept, dy[0] if len(dy) == 1 else joined(dy))

    return Rule(functools.wraps(rule.forward)(forward), backward)


class Within(Check):
    """A network that is wrong although the rule alone is right in it. It is shown as a network."""

    @property
    def _drawn(self) -> str:
        return draw_as_text(self.checked.problem.network, self.checked.problem.rules)

    @property
    def _sentence(self) -> str:
        uses = sum(node.rule == self.name for node in self.checked.problem.network.nodes)
        if uses == 1:
            return super()._sentence
        return f"{self.name} is right alone; used {uses} times in a network, one use spoils what another has kept"

    @property
    def reproducer(self) -> str:
        """A script that checks the network again, with the functions in the place of our rule."""
        forward, backward = self.subject.code.call.partition("(")[2].rstrip(",").split(", ")
        return "\n".join(
            [
                *("import json", *self.subject.code.source, "from backcheck.strategies.case import Case"),
                "from backcheck.subjects.pairs.argument_order import in_order",
                *("from backcheck.subjects.pairs.pair import as_rule", "from scratch_bp.rules import RULES", ""),
                f"case = Case.from_json(json.loads({json.dumps(self.case().to_json())!r}))",
                f"rules = {{**RULES, {self.name!r}: as_rule({forward}, in_order({backward}))}}",
                "checked = backcheck.check(case.network, *case.make(), rules=rules)",
                "for tensor, party in checked.disagreements:",
                "    print(tensor, party, checked.measures[tensor, party].reason)",
                "",
            ]
        )


def _blamed(checked: Checked, name: str, oracles: tuple[str, ...]) -> Checked:
    """The rule alone, at the values it had, where it is what disagrees there: the smaller thing to look at."""
    alone_already = checked.problem.network.output == checked.problem.network.nodes[0].name
    if not checked.disagreements or alone_already:
        return checked
    for node in reversed(checked.problem.network.nodes):
        alone = isolate(checked.problem, node.name) if node.rule == name else None
        single = examine(alone, oracles) if alone is not None else None
        if single is not None and single.disagreements:
            return single
    return checked


def _accepted(name: str, forward: Callable[..., Any]) -> Row:
    """The row of the rule with the options that the function has. The others keep the rule's defaults."""
    row = CATALOGUE.get(name, Row())
    parameters = inspect.signature(forward).parameters
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return row
    ours = inspect.signature(RULES[name].forward).parameters
    return row.only(parameters, {option: p.default for option, p in ours.items() if p.default is not p.empty})
