"""verify_rule: many drawn cases of somebody's code, the first that fails made small, and what is wrong said."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import Phase
from hypothesis.strategies import SearchStrategy, tuples

from backcheck.containment import contained
from backcheck.errors import BadInput
from backcheck.float_format import FORMATS
from backcheck.session import as_said, asked, draws_of, seed_of
from backcheck.signature import without_options
from backcheck.strategies import layouts
from backcheck.strategies.case import Case
from backcheck.strategies.literals import literals_of
from backcheck.subjects.arrays import dtype_names, names_of
from backcheck.subjects.drawn.cases import PATIENCE, DrawnCases, DrawPlan, Refusals
from backcheck.subjects.drawn.families import any_forward, family_of
from backcheck.subjects.drawn.objects import Handling
from backcheck.subjects.drawn.shapes import Described, describe, describe_drawn
from backcheck.subjects.first_call import FirstCall, Names, first_call, with_fixed
from backcheck.subjects.fuzz.drawn_check import DrawnChecks
from backcheck.subjects.fuzz.search import Hunt, search
from backcheck.subjects.fuzz.verification import Verification
from backcheck.subjects.kernels.asked.beside import Beside, refuse_beside_reference, refuse_without_reference
from backcheck.subjects.kernels.fuzz import verify_kernel
from backcheck.subjects.listeners import announce
from backcheck.subjects.result import known_intents
from backcheck.subjects.result.check import Check
from backcheck.subjects.stateful.calls import Reset, calls_of
from backcheck.subjects.stateful.modes import MODE
from backcheck.subjects.stateful.parameters import Where
from backcheck.time_limit import OutOfTime, time_limit
from backcheck.verdicts.cases import NOT_ENDED
from backcheck.verdicts.parties import calm

USUAL_DRAWS = 200
TELLING = 6  # entries of a case that is to tell what a wrong gradient may be meant as
FEW = 5  # draws that are taken before the largest of them is looked at


@contained()
def verify_rule(
    rule: Any,
    arrays: Any = None,
    config: Mapping[str, Any] | None = None,
    *,
    kind: str | None = None,
    draws: int | None = None,
    dtypes: Any = ("float64",),
    params: Where = None,
    grads: Where = None,
    fixed: Names = (),
    meant: Any = None,
    order: int = 1,
    reference: Callable[..., Any] | None = None,
    inside: Any = None,
    wrt: Any = None,
    fast: bool = False,
    out: str | None = None,
    methods: tuple[str, str] | None = None,
    reset: Reset = None,
    training: bool | None = None,
    torch: Callable[..., Any] | None = None,
    jax: Callable[..., Any] | None = None,
    seed: int | None = None,
    precise: bool = False,
    seconds: float | None = None,
) -> Verification:
    """Draw many cases of one rule, and explain the smallest case that fails.

    `rule` is a (forward, backward) pair as in `check_vjp`, a class or a function that makes an object with forward and
    backward, an nn.Module or a class or a function that makes one, a torch.autograd.Function or callable, or a JAX
    function with custom rules; `kind` says which ("pair",
    "layer", "torch", "jax") where it cannot be seen.

    `arrays` has a line for each array that forward takes, with its axes: "n d" or "*batch d" for floating-point
    numbers, "n <classes" for integers below a size, "n ?" for booleans. The same name is the same size everywhere;
    "n>=2 d" has an axis of at least 2, and "4*s" or "d+1" a size that follows from another. "n d >0", "n d >=1" and
    "n d in (-1, 1)" are numbers of a range, the ends of which belong to it with square brackets. Draws at which
    forward is not finite are left out, and counted. A Hypothesis strategy of a tuple of arrays may stand in the place
    of the lines; without either, the jaxtyping annotations of forward say the axes.

    `config` has for each option (of forward, or of what makes the object) a list to choose from, a strategy, or one
    value; Axis("d") is the size of an axis. `dtypes`, one or several, are drawn too. `draws` is the number of cases,
    and one `seed` always draws the same ones. `params`, `grads`, `methods` and `reset` are as in `check_layer`,
    `fixed`, `meant`, `order`, `torch` and `jax` as in `check_vjp`. A training mode is drawn too, where an object has
    one, unless `training` says which.

    Draws that are *imprecise* are counted, and are the headline from a tenth on; with `precise` the first one fails. A
    draw may take `seconds`, as in `check_vjp`; after two that take longer no further one is begun.

    A kernel is fuzzed beside its `reference`, with `inside`, `wrt`, `fast` and `out` as in `check_torch`: sizes around
    tiles, layouts of memory, hard values and whole numbers are drawn. Of a pair one function may be None there.

    Raises BadInput when the rule takes none of what is drawn, or cannot be checked at all.

    >>> def forward(x, w):
    ...     return x @ w, (x, w)
    >>> def backward(saved, dy):
    ...     x, w = saved
    ...     return dy @ w.T, x.T @ dy
    >>> print(verify_rule((forward, backward), ("n d", "d k"), draws=10).verdict)
    agree
    """
    calm()
    draws, number = draws_of(draws, USUAL_DRAWS), seed_of(seed)
    dtypes = dtype_names(dtypes)
    _require(draws, dtypes)
    if reference is not None:
        refuse_beside_reference(meant=meant, order=order, torch=torch, jax=jax, params=params, grads=grads)
        beside = Beside(reference=reference, inside=inside, wrt=wrt, fast=fast, out=out)
        with as_said(precise, seconds):
            return announce(verify_kernel(rule, arrays, beside, config or {}, kind, dtypes, draws, number, fixed))
    refuse_without_reference(inside=inside, wrt=wrt, fast=fast, out=out)
    with as_said(precise, seconds):
        return announce(
            _verified(
                rule,
                arrays,
                config,
                kind,
                draws,
                number,
                dtypes,
                Handling(params, grads, calls_of(methods, reset)),
                fixed,
                meant,
                order,
                training,
                torch,
                jax,
            )
        )


def _verified(
    rule: Any, arrays: Any, config: Mapping[str, Any] | None, kind: str | None, draws: int, number: int,
    dtypes: tuple[str, ...], handling: Handling, fixed: Names, meant: Any, order: int, training: bool | None,
    torch: Callable[..., Any] | None, jax: Callable[..., Any] | None,
) -> Verification:  # fmt: skip
    if isinstance(arrays, tuple | list) and arrays and all(isinstance(each, SearchStrategy) for each in arrays):
        arrays = tuples(*arrays)
    family, described = family_of(
        rule,
        kind,
        lambda function: _described(without_options(function, config or {}), arrays),
        config or {},
        handling,
        torch=torch,
        jax=jax,
    )
    if training is not None:
        config = {**(config or {}), MODE: training}
    strategy = arrays if isinstance(arrays, SearchStrategy) else None
    codes = rule if isinstance(rule, tuple) else (rule,)
    plan = DrawPlan(family, described, dict(config or {}), dtypes, strategy, literals=literals_of(*codes))
    try:
        plan = _first_look(plan, number, fixed)
    except OutOfTime as late:
        return Verification(plan.name, 0, {}, (), None, (f"{NOT_ENDED}: {late}",), late=True)
    checks = DrawnChecks(plan, _option(fixed, order), meant, order)
    found = _hunted(plan, checks, draws, number)
    if checks.contradicted and found.failure is None:  # the factor is not the same size everywhere: now none is taken
        found = _hunted(replace(plan, refusals=Refusals()), checks, draws, number)
    notes = [*found.notes, *checks.notes(found.failure is not None)]
    if found.failure is not None:
        notes += filter(None, _known(plan, checks, number))
    if isinstance(found.failure, Check):
        problem = found.failure.checked.problem
        notes += layouts.said({**problem.arrays, "dy": problem.dy})
    return replace(found, notes=tuple(notes))


def _option(fixed: Names, order: int) -> str:
    """The arguments of a call that checks one of the cases again."""
    if order not in (1, 2):
        raise BadInput(f"order must be 1, or 2 for the second order as well; got {order!r}")
    return ", ".join([*([f"fixed={fixed!r}"] if fixed else []), *(["order=2"] if order == 2 else [])])


def _known(plan: DrawPlan, checks: DrawnChecks, number: int) -> list[str]:
    """What the wrong gradient may be meant as, by a case of several entries: one entry proves nothing."""

    def telling(case: Case) -> bool:
        return sum(recipe.size for recipe in case.arrays.values()) >= TELLING

    for case in search(DrawnCases(replace(plan, plain=True)), telling, 50, number, [Phase.generate]):
        check = checks.again(case)
        with np.errstate(all="ignore"):
            return [known_intents.named(check.subject, check.checked)] if not check else []
    return []


def _hunted(plan: DrawPlan, checks: DrawnChecks, draws: int, number: int) -> Verification:
    hunt = Hunt(
        plan.name,
        DrawnCases(plan),
        checks.check,
        checks.again,
        DrawnCases(replace(plan, plain=True)),
        checks.glance,
        notes=list(plan.seen.notes),
        refusals=plan.refusals,
        allows=plan.allows,
        lines=plan.lines,
    )
    return hunt.run(draws, number)


def _described(function: Callable[..., Any], arrays: Any) -> Sequence[Described]:
    if not isinstance(arrays, SearchStrategy):
        return describe(function, arrays)
    once = search(arrays, lambda _: True, 1, 0, [Phase.generate])
    if not once:
        raise BadInput("arrays: nothing could be drawn from the strategy")
    return describe_drawn(function, once[0])


def _require(draws: int, dtypes: Sequence[str]) -> None:
    if draws < 1:
        raise BadInput(f"draws must be 1 or more, got {draws}")
    wrong = [dtype for dtype in dtypes if dtype not in FORMATS]
    if wrong or not dtypes:
        raise BadInput(f"dtypes has some of {', '.join(FORMATS)}; got {wrong[0] if wrong else 'none'}")


def _first_look(plan: DrawPlan, number: int, fixed: Names) -> DrawPlan:
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
        return _first_look(named, number, fixed)
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
