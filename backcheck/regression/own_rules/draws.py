"""Cases of a rule of somebody's own table: drawn as `verify_rule` draws them, and made at other sizes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from hypothesis import Phase

from backcheck.errors import BadInput
from backcheck.float_format import FORMATS
from backcheck.regression.own_rules.rule import OwnRule
from backcheck.regression.sides.large_cases import Resizable, Shapes, resized
from backcheck.strategies.case import Case
from backcheck.subjects.drawn.cases import DrawnCases, Refusals
from backcheck.subjects.drawn.shapes import Axis, specs
from backcheck.subjects.fuzz.case_search import search
from scratch_bp.network import Network

OWN_DRAWS = 36  # of the widest dtype, and of the narrowest


def own_cases(own: OwnRule, dtypes: Sequence[str], stream: int, plain: bool = False) -> list[Case]:
    """Cases at each of the dtypes; with `plain` of ordinary numbers in memory of their own."""
    if own.refusal:
        raise BadInput(own.refusal)
    by_range = sorted(dtypes, key=lambda dtype: FORMATS[dtype].greatest)
    found = dict[str, Case]()
    for dtype in dict.fromkeys((by_range[-1], by_range[0])):
        plan = replace(own.plan, dtypes=(dtype,), plain=plain, refusals=Refusals())
        drawn = list[Case]()
        search(DrawnCases(plan), partial(_kept, drawn), OWN_DRAWS, stream % 2**32, [Phase.generate])
        for case in drawn:
            for each in dtypes:
                if _finite(other := replace(case, dtype=each)):
                    found[other.id] = other
    return list(found.values())


def _kept(drawn: list[Case], case: Case) -> bool:
    """Keep the case; no search ends with it."""
    drawn.append(case)
    return False


def _finite(case: Case) -> bool:
    arrays, dy = case.make()
    return all(np.isfinite(array.astype(np.float64)).all() for array in (*arrays.values(), dy))


def own_resizable(own: OwnRule, case: Case) -> Resizable | None:
    """The case at other sizes, by the description of the rule's arrays; None where a strategy draws them."""
    described = own.plan.described
    inputs = [each for each in described if each.name in case.arrays]
    if own.plan.given is not None or len(inputs) != len(described) or len(case.arrays) != len(inputs):
        return None
    bound = _bound(own, case)
    if bound is None or any(isinstance(kept, Axis) for kept in own.plan.config.values()):
        return None

    def shapes(sizes: Mapping[str, Any]) -> Shapes:
        return [spec.shape for spec in specs(described, sizes).values()]

    def output(network: Network, arrays: Mapping[str, np.ndarray]) -> tuple[int, ...]:
        node = network.nodes[0]
        return np.shape(own.run([arrays[name] for name in node.reads], node.config)[0])

    return Resizable(bound, shapes, lambda sizes: resized(case, sizes, output))


def _bound(own: OwnRule, case: Case) -> dict[str, Any] | None:
    """The size of every axis in the case; None where they do not fit."""
    bound: dict[str, Any] = {}
    for each in own.plan.described:
        shape: list[Any] = list(case.arrays[each.name].shape)
        star = next((at for at, axis in enumerate(each.axes) if axis.starred), None)
        spread = len(shape) - len(each.axes) + 1
        if star is not None and spread >= 0:
            shape = [*shape[:star], tuple(shape[star : star + spread]), *shape[star + spread :]]
        if len(shape) != len(each.axes):
            return None
        for axis, size in zip(each.axes, shape, strict=True):
            if axis.starred:
                bound[axis.key] = size
            elif axis.name and (size - axis.plus) % axis.times == 0:
                bound[axis.key] = (size - axis.plus) // axis.times
    return bound
