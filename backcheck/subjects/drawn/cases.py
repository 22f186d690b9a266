"""Cases of somebody's code, drawn: sizes, options, arrays, parameters, the cotangent and the dtype."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from hypothesis import reject
from hypothesis.strategies import SearchStrategy

from backcheck.containment import raised
from backcheck.errors import BadInput
from backcheck.session import asked
from backcheck.strategies.arrays import ArrayRecipe, explicit, make
from backcheck.strategies.case import Case
from backcheck.strategies.case_arrays import ELEMENTWISE, Style, cotangent_of, recipe_of
from backcheck.strategies.case_layouts import with_layouts
from backcheck.strategies.choice import MAX_CHOICES, Pick
from backcheck.strategies.layouts import NOT_WRITEABLE
from backcheck.strategies.literals import NO_LITERALS, Literals
from backcheck.strategies.near_literals import placed
from backcheck.subjects.arrays import NODE, distinct, is_integer
from backcheck.subjects.drawn.domain import Domain, OutOfDomain
from backcheck.subjects.drawn.families import Family
from backcheck.subjects.drawn.shapes import Described, given_arrays, options, sizes, specs
from backcheck.subjects.drawn.value_range import in_range
from backcheck.subjects.first_call import NOT_CALLED, FirstCall
from backcheck.subjects.pairs.outputs import pack
from backcheck.subjects.pairs.pair import split
from backcheck.subjects.user_code import Function
from backcheck.time_limit import OutOfTime, calling, time_limit
from scratch_bp.network import FIXED, ArraySpec, Network, Node

# Extremes are drawn too, and less than for our own rules: most code is written for ordinary numbers.
PROFILES = (
    "ones", "zeros", *("integers",) * 6, *("lattice",) * 6, *("normal",) * 24, *("spread",) * 3,
    *("saturating",) * 2, "wide", *("mixed",) * 4,
)  # fmt: skip
ARRAY_SEEDS = range(MAX_CHOICES)
PATIENCE = 2  # draws that do not end, after which no further one is begun


@dataclass
class Refusals:
    """What the subject would not take, by its own words, and where its forward is not finite: such draws are left out,
    and counted. `late` has what is said of those that did not end."""

    drawn: int = 0
    why: Counter[str] = field(default_factory=Counter)
    domain: Domain = field(default_factory=Domain)
    late: list[str] = field(default_factory=list)
    patience: int = PATIENCE

    @property
    def out_of_patience(self) -> bool:
        """Did so many draws not end, `patience`, that no further one is begun?"""
        return len(self.late) >= self.patience


@dataclass(frozen=True)
class DrawPlan:
    """Everything that decides what is drawn. `given` is a strategy of arrays in place of `described`.

    `seen` is what the first call showed, once there was one. With `plain` all arrays are of ordinary numbers in memory
    of their own. `literals` are the numbers in the code, near which some entries are drawn.
    """

    family: Family
    described: Sequence[Described]
    config: Mapping[str, Any]
    dtypes: tuple[str, ...]
    given: SearchStrategy[Any] | None = None
    refusals: Refusals = field(default_factory=Refusals)
    seen: FirstCall = NOT_CALLED
    plain: bool = False
    literals: Literals = NO_LITERALS

    @property
    def name(self) -> str:
        return self.family.code.name

    @property
    def lines(self) -> dict[str, str]:
        """The axes of each array of floats, as they are written."""
        return {each.name: each.line for each in self.described if not (each.boolean or each.below)}

    @property
    def has_mirror(self) -> bool:
        """Does a framework know the function? Then a forward that is not finite may be wrong, and is judged."""
        code = self.family.code
        return code.is_numpy and (code.torch is not None or code.jax is not None)

    def allows(self, case: Case) -> bool:
        """Does every array of a case hold numbers of its range only? A search for simpler ones tries zeros."""
        ranges = {each.name: each.within for each in self.described if not each.within.whole}
        return all(within.holds(make(case.arrays[name], case.dtype)).all() for name, within in ranges.items())


class DrawnCases(SearchStrategy[Case]):
    """The strategy of a plan. One operation for each draw, for the reasons that `strategies.choice` gives."""

    def __init__(self, plan: DrawPlan) -> None:
        super().__init__()
        self._plan = plan

    def do_draw(self, data: Any) -> Case:
        def pick(choices: Sequence[Any], /) -> Any:
            return choices[data.draw_integer(0, len(choices) - 1)]

        self._plan.refusals.drawn += 1
        if self._plan.refusals.out_of_patience:
            reject()
        try:
            with np.errstate(all="ignore"), time_limit(asked().seconds):
                return drawn(self._plan, pick, data.draw)
        except Refused as refused:
            self._plan.refusals.why[str(refused)] += 1
            reject()
        except OutOfTime as late:
            self._plan.refusals.late.append(str(late))
            reject()
        except (OutOfDomain, OfNothing):
            reject()

    def __repr__(self) -> str:
        return f"cases of {self._plan.name}"


class OfNothing(Exception):
    """The subject does not take an empty batch, or has no value there. Most code need not: the draw is not counted."""


class Refused(Exception):
    """The subject raised where it was made or run forward: these options and shapes are not for it."""


def drawn(plan: DrawPlan, pick: Pick, draw: Callable[[Any], Any]) -> Case:
    """One case: a network of one node, and recipes of its arrays."""
    style = _style(plan, pick)
    inputs, bound = _inputs(plan, pick, draw, style)
    try:
        return _completed(plan, pick, draw, style, inputs, bound)
    except Refused as error:
        if _is_empty(inputs):
            raise OfNothing from error
        raise


def _completed(
    plan: DrawPlan,
    pick: Pick,
    draw: Callable[[Any], Any],
    style: Style,
    inputs: dict[str, ArrayRecipe],
    bound: dict[str, Any],
) -> Case:
    """The case of these inputs, with options, parameters and a cotangent."""
    config = options(pick, draw, plan.config, bound)
    arrays = dict(inputs)
    values = [make(each, style.dtype) for each in inputs.values()]
    # mostly drawn, so that gamma is not 1 and a bias not 0; now and then as the object was made
    held = _refusing(plan.family.parameters, config, values)
    names = distinct((*inputs, *(name for name, _ in held)))[len(inputs) :]
    for name, (_, value) in zip(names, held, strict=True):
        as_made = not plan.plain and pick(range(6)) == 5
        arrays[name] = explicit(value) if as_made else _recipe(pick, ArraySpec(value.shape), style)
    made = {name: make(each, style.dtype) for name, each in arrays.items()}
    value = _output(plan.family.code.forward, list(made.values()), config)
    if _is_empty(inputs) and not np.isfinite(value.astype(np.float64)).all():
        raise OfNothing
    if not plan.has_mirror:
        plan.refusals.domain.meet(made, value)
    roles = {name: FIXED if name in plan.seen.fixed else "parameter" for name in arrays}
    specs_of = {name: ArraySpec(each.shape, roles[name], each.classes) for name, each in arrays.items()}
    network = Network(specs_of, (Node(NODE, plan.name, tuple(arrays), config),), NODE)
    shape = value.shape
    if plan.plain:
        return Case(network, arrays, ArrayRecipe(shape, "normal", pick(ARRAY_SEEDS)), style.dtype)
    case = Case(network, arrays, cotangent_of(pick, shape, style), style.dtype)
    # code that writes into its arrays is told so, and cannot be asked with arrays that nobody may write into
    return with_layouts(pick, case, NOT_WRITEABLE if plan.seen.behaviour.writes else ())


def _is_empty(inputs: Mapping[str, ArrayRecipe]) -> bool:
    return any(recipe.size == 0 for recipe in inputs.values())


def _style(plan: DrawPlan, pick: Pick) -> Style:
    dtype = plan.seen.precision or pick(plan.dtypes)
    if plan.plain:
        return Style(dtype, "normal", pick(ARRAY_SEEDS))
    return Style(dtype, pick(PROFILES), pick(ARRAY_SEEDS), by_entry=pick((True, True, False)))


def _inputs(
    plan: DrawPlan, pick: Pick, draw: Callable[[Any], Any], style: Style
) -> tuple[dict[str, ArrayRecipe], dict[str, Any]]:
    if plan.given is not None:
        return _from_strategy(plan, draw(plan.given)), {}
    # what is seen at first is to be seen at numbers
    bound = sizes(pick, plan.described, may_be_empty=plan.seen is not NOT_CALLED and not plan.plain)
    found = {name: _recipe(pick, spec, style) for name, spec in specs(plan.described, bound).items()}
    if not plan.plain:
        found = placed(pick, [(name, plan.literals) for name in found], found, style.dtype)
    for each in plan.described:
        if not each.within.whole:
            found[each.name] = in_range(pick, found[each.name], style.dtype, each.within, plan.plain)
    return found, bound


def _recipe(pick: Pick, spec: ArraySpec, style: Style) -> ArrayRecipe:
    """Entry by entry only where that takes few draws."""
    return recipe_of(pick, spec, style if prod(spec.shape) <= ELEMENTWISE else style._replace(by_entry=False))


def _from_strategy(plan: DrawPlan, drawn: Any) -> dict[str, ArrayRecipe]:
    given = given_arrays(drawn)
    if len(given) != len(plan.described):
        raise Refused(f"{len(given)} arrays were drawn, and {len(plan.described)} the first time")
    found = {}
    for each, array in zip(plan.described, given, strict=True):
        if not np.isfinite(array.astype(np.float64)).all():
            raise Refused(f"{each.name} is not finite everywhere, and gradients are checked at finite numbers only")
        classes = int(array.max(initial=0)) + 1 if is_integer(array) else None
        found[each.name] = explicit(array, classes=classes)
    return found


def _output(forward: Function, values: Sequence[np.ndarray], config: Mapping[str, Any]) -> np.ndarray:
    """The value as the engine sees it: several outputs are laid end to end."""
    with calling("forward"):
        result = _refusing(forward, *values, **config)
    return np.asarray(_refusing(lambda: pack(split(forward, result)[0])[0]))


def _refusing(function: Callable[..., Any], *given: Any, **config: Any) -> Any:
    try:
        return function(*given, **config)
    except BadInput as error:
        raise Refused(str(error)) from error
    except (
        Exception,
        SystemExit,
    ) as error:  # what the user's code says to shapes and options that it does not take
        raise Refused(raised(error).removeprefix("raises ")) from error
