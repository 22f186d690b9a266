"""verify_like: somebody's version of a rule that we know, drawn as ours is: alone, and inside whole networks."""

import functools
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import reject
from hypothesis.strategies import SearchStrategy, integers

from backcheck.containment import contained
from backcheck.errors import BadInput, unknown
from backcheck.outputs import apart, joined
from backcheck.problem import pose
from backcheck.session import among, as_said, asked, draws_of, seed_of
from backcheck.signature import takes
from backcheck.strategies.case import Case, draw_as_text
from backcheck.strategies.case_strategies import cases
from backcheck.strategies.catalogue import CATALOGUE, Row, signature_of
from backcheck.strategies.catalogue.sizes import EVERY_SIZE, Sizes, some_sizes
from backcheck.subjects.arrays import dtype_names
from backcheck.subjects.drawn.cases import Refusals
from backcheck.subjects.first_call import NOT_CALLED
from backcheck.subjects.fuzz.rule_question import USUAL_DRAWS
from backcheck.subjects.fuzz.search import Hunt
from backcheck.subjects.fuzz.sought_alone import sought_alone
from backcheck.subjects.fuzz.verification import Verification
from backcheck.subjects.lines.line_coverage import LineCoverage
from backcheck.subjects.listeners import announce
from backcheck.subjects.pairs.source_text import called
from backcheck.subjects.result.check import Check
from backcheck.subjects.rule_form import RuleForm
from backcheck.subjects.subject import Subject
from backcheck.subjects.user_code import of_pair
from backcheck.time_limit import OutOfTime, time_limit
from backcheck.verdicts.cases import NOT_ENDED, unjudged
from backcheck.verdicts.check import Checked, examine
from backcheck.verdicts.isolation import isolate
from backcheck.verdicts.parties import ORACLES, calm
from backcheck_reference.frameworks.mirrors import MIRRORS
from backcheck_reports.number_format import counted
from scratch_bp.network import NetworkError
from scratch_bp.rules import RULES, Rule

ORDINARY = ("integers", "lattice", "normal")
# one draw of so many has extreme numbers too: where they overflow, or rounding decides, nothing can be judged
EVERY_SO_MANY = 3
# what a network is made of around the rule in question
NEIGHBOURS = ("dense", "tanh", "relu", "add", "multiply", "softmax", "mse", "sum")


@contained()
def verify_like(
    name: str,
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    *,
    draws: int | None = None,
    dtypes: Any = ("float64", "float32"),
    oracles: tuple[str, ...] = ORACLES,
    seed: int | None = None,
    precise: bool = False,
    seconds: float | None = None,
    coverage: bool = True,
) -> Verification:
    """Check your version of a rule that is known here, with the drawing, the mirrors and the conventions of ours.

    `forward(*arrays, **config)` returns (y, saved) and takes the arrays of our rule `name`, in its order and shapes,
    and as many of its options, under PyTorch's names, as it likes: only those are drawn. `backward(saved, dy)` returns
    one gradient for each array. Half of the draws are the rule alone, half are networks with it.

    `draws` is the number of cases, `dtypes` are drawn too, `oracles` are those to ask, and one `seed` always draws the
    same cases. With `precise` a draw fails that is *imprecise*, and one may take `seconds`, as in `check_vjp`. The
    lines that no case has reached are said, unless `coverage` is False. Raises BadInput for an unknown rule, or for
    functions that take none of what is drawn.

    >>> import numpy as np
    >>> def forward(x):
    ...     y = np.tanh(x)
    ...     return y, y
    >>> print(verify_like("tanh", forward, lambda y, dy: dy * (1 - y * y), draws=5, oracles=("exact",)).verdict)
    agree
    """
    if name not in RULES:
        raise BadInput(f"{unknown('rule', name, sorted(RULES))}. verify_rule takes any")
    calm()
    draws, number, oracles = draws_of(draws, USUAL_DRAWS), seed_of(seed), among(oracles)
    dtypes = dtype_names(dtypes)
    _require_its_arrays(name, forward)
    with (
        as_said(precise, seconds),
        LineCoverage.of((forward, backward), coverage and asked().coverage) as lines,
    ):
        return announce(verified_like(LikeQuestion(name, forward, backward, dtypes, oracles), draws, number, lines))


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


def asker(question: LikeQuestion, refusals: Refusals, lines: LineCoverage) -> tuple[Subject, Callable[[Case], Check]]:
    """The code as the engine takes it, and what gives the verdicts on a case."""
    name, oracles = question.name, question.oracles
    code = of_pair(lines.watched("forward", question.forward), lines.watched("backward", question.backward))
    code = replace(code, name=name, torch=MIRRORS[name].torch, jax=MIRRORS[name].jax)
    subject = Subject(code, code.rule(), (), NOT_CALLED)
    table = {**RULES, name: _in_parts(name, subject.rule)}

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

    return subject, ask


def verified_like(question: LikeQuestion, draws: int, number: int, lines: LineCoverage) -> Verification:
    """What so many draws come to. Raises BadInput for functions that take none of what is drawn."""
    name, forward, backward, dtypes = question.name, question.forward, question.backward, question.dtypes
    refusals, catalogue = Refusals(), question.catalogue
    own = {name: Rule(forward, backward)}
    subject, ask = asker(question, refusals, lines)

    def of_sizes(sizes: Sequence[int]) -> SearchStrategy[Case]:
        wide = EVERY_SIZE._replace(widths=(1, 2, *sizes))
        return cases((name,), dtypes, None, max_nodes=1, catalogue=catalogue, sizes=wide, code=own)

    drawn = _half_and_half(name, dtypes, catalogue, number, own)
    hunt = Hunt(name, drawn, ask, ask, refusals=refusals, further=lambda: sought_alone(subject.code, of_sizes, lines))
    found = replace(hunt.run(draws, number), code=lines.result())
    if not found.cases and not found.late:
        why = refusals.why.most_common(1)[0][0] if refusals.why else "nothing was drawn"
        raise BadInput(f"{called(forward)} takes none of the arrays that {name} takes: {why}")
    return found


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


def _require_its_arrays(name: str, forward: Callable[..., Any]) -> None:
    """Raises BadInput when the function does not take the rule's arrays by position."""
    slots = signature_of(name).arrays
    least = sum(not slot.optional for slot in slots)
    taken = takes(forward)
    too_few = taken.known and least > len(taken.names) and not taken.rest
    if taken.required > len(slots) or too_few:
        wanted = ", ".join(slot.name for slot in slots) or "none"
        raise BadInput(
            f"{name} takes the arrays {wanted}, in this order; {called(forward)} takes "
            f"{', '.join(taken.names) or 'none'}. "
            "verify_rule takes functions of any arrays"
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


def _half_and_half(
    name: str, dtypes: tuple[str, ...], catalogue: Mapping[str, Row], seed: int, own: Mapping[str, Rule]
) -> SearchStrategy[Case]:
    def drawn(profiles: Sequence[str] | None, tame: bool, sizes: Sizes) -> SearchStrategy[Case]:
        draw = functools.partial(
            cases, dtypes=dtypes, profiles=profiles, catalogue=catalogue, tame=tame, sizes=sizes, code=own
        )
        alone = draw((name,), max_nodes=1)
        if catalogue[name].bounded:
            return alone
        within = draw((name, *NEIGHBOURS), max_nodes=5)
        return alone | within.filter(lambda case: any(node.rule == name for node in case.network.nodes))

    # of few sizes mostly: JAX compiles anew for every size, which took nine tenths of the time
    tame, wild = drawn(ORDINARY, True, some_sizes(seed)), drawn(None, False, EVERY_SIZE)
    return integers(0, EVERY_SO_MANY - 1).flatmap(lambda which: wild if which == EVERY_SO_MANY - 1 else tame)
