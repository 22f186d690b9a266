"""Where forward and backward of a drawn rule stand, for whoever counts their lines."""

import inspect
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from backcheck.strategies.case import Case
from backcheck.subjects.behaviour import behaviour_at
from backcheck.subjects.drawn.cases import DrawPlan
from backcheck.subjects.drawn.families import Family, Functions
from backcheck.subjects.drawn.objects import Objects
from backcheck.subjects.lines.line_coverage import LineCoverage
from backcheck.subjects.pairs.framework_callables import whole_function
from backcheck.subjects.stateful.calls import Calls
from backcheck.subjects.user_code import UserCode
from backcheck_reference.lazy import jax

MOST_FORMS = 40  # shapes and options at which code of JAX is run again


def entries_of(rule: Any, family: Family, calls: Calls) -> Sequence[Any]:
    """What was handed in, as the functions that are judged; of objects the methods of one that was made."""
    if isinstance(family, Functions):
        return rule if isinstance(rule, tuple) else (whole_function(rule),)
    made = family.objects[0] if family.objects else None
    if made is None:
        return ()
    if isinstance(family, Objects):
        forward = calls.forward_of(made)
        return (type(made).__call__ if forward is made else forward, calls.backward_of(made))
    return (inspect.getattr_static(type(made), "forward", None),)


def watch(family: Family, lines: LineCoverage) -> None:
    """From now on the lines of this code are counted."""
    code = family.code
    forward, backward = lines.watched("forward", code.forward), lines.watched("backward", code.backward)
    family.code = replace(code, forward=forward, backward=backward)


def uncompiled(code: UserCode) -> AbstractContextManager[None]:
    """Within the block code of JAX runs as it stands, and nothing is compiled for one case."""
    found: AbstractContextManager[None] = jax.disable_jit() if code.kind == "jax" else nullcontext()
    return found


@dataclass
class FormsDrawn:
    """The shapes and options that were drawn of code of JAX, which JAX records once for each and then never runs.

    What it has recorded in an earlier check of the same process it does not run again either. So where something seems
    not to be reached, the code is run as it stands, once for each of them.
    """

    plan: DrawPlan
    lines: LineCoverage
    _cases: dict[str, Case] = field(default_factory=dict)

    def note(self, case: Case) -> None:
        if self.plan.family.code.kind == "jax" and self.lines.counts and len(self._cases) < MOST_FORMS:
            shapes = [recipe.shape for recipe in case.arrays.values()]
            self._cases.setdefault(repr((shapes, sorted(case.network.nodes[0].config.items(), key=str))), case)

    def run_again(self) -> None:
        if not self._cases or not self.lines.missed():
            return
        code, generators = self.plan.family.code, self.plan.seen.behaviour.generators
        with uncompiled(code), np.errstate(all="ignore"):
            for case in self._cases.values():
                arrays = case.make()[0]
                with self.lines.draw():
                    behaviour_at(code, tuple(arrays), list(arrays.values()), case.network.nodes[0].config, generators)
