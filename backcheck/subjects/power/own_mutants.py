"""The mutants of somebody's backward, and of the helpers that it calls in the same package."""

import inspect
import linecache
import random
import sys
import types
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from backcheck.edits.edit import Edit
from backcheck.subjects.lines.own_functions import own_functions

NO_SOURCE = "there is no backward in Python to be changed: the source of none of its functions lies in a file"
MISSING = "mutants need LibCST and mutmut, which are not installed: pip install 'backcheck[power]'"
CHANGED = "the source of {} has changed since it was imported; start again"


class NoMutants(Exception):
    """There is nothing to be changed. The message says why."""


@dataclass(frozen=True, slots=True)
class OwnMutant:
    """One edit of one file of the user's, which only another process ever sees."""

    module: str
    file: str
    edit: Edit

    @property
    def place(self) -> str:
        return f"{self.file.rpartition('/')[2]}:{self.edit.line}"

    def __str__(self) -> str:
        before, after = self.edit.lines
        return f"{self.place}  {before}  ->  {after}"


def unchanged(mutant: OwnMutant) -> OwnMutant:
    """The file of a mutant as it is: what a mutant is compared with goes the same way."""
    return replace(mutant, edit=Edit(mutant.edit.source, 0, 0, "", "unchanged", mutant.edit.function))


def own_mutants(rule: Any, backward_name: str, most: int, seed: int) -> list[OwnMutant]:
    """At most so many mutants of the functions that backward leads to, drawn with a seed. Raises NoMutants."""
    functions = backward_functions(rule, backward_name)
    by_file: dict[tuple[str, str], list[types.FunctionType]] = {}
    for function in functions:
        place = function.__globals__.get("__name__", ""), function.__code__.co_filename
        by_file.setdefault(place, []).append(function)
    found: list[OwnMutant] = []
    for (module, file), inside in sorted(by_file.items()):
        source = "".join(linecache.getlines(file))
        if not source or module not in sys.modules:
            continue
        lines = [function.__code__.co_firstlineno for function in inside]
        found += [OwnMutant(module, file, each) for each in _edits(source, lines, file)]
    if not found:
        raise NoMutants(NO_SOURCE)
    chosen = random.Random(seed).sample(found, min(most, len(found)))
    return sorted(chosen, key=lambda each: (each.file, each.edit.start, each.edit.new))


def _edits(source: str, lines: Sequence[int], file: str) -> list[Edit]:
    try:  # an extra of its own: who asks for no power need not have it
        from backcheck.edits.engine import edits_of
        from backcheck.edits.library import library_operators
        from backcheck.edits.numeric import NUMERIC_OPERATORS

        return edits_of(source, lines, (*NUMERIC_OPERATORS, *library_operators()))
    except ImportError as error:
        raise NoMutants(MISSING) from error
    except SyntaxError as error:
        raise NoMutants(CHANGED.format(file)) from error


def backward_functions(rule: Any, backward_name: str = "backward") -> Sequence[types.FunctionType]:
    """The backward that was written by hand and what it leads to; nothing of the forward."""
    forward, backward = _halves(rule, backward_name)
    known = {each.__code__ for each in own_functions(forward)[:1]}
    return [each for each in own_functions(backward) if each.__code__ not in known]


def _halves(rule: Any, backward_name: str) -> tuple[list[Any], list[Any]]:
    if isinstance(rule, tuple):
        return [rule[0]], [rule[1]]
    holder = getattr(rule, "__self__", None)
    rule = holder if inspect.isclass(holder) else rule
    if inspect.isclass(rule):
        return [], [inspect.getattr_static(rule, backward_name, None)]
    bwd = inspect.getattr_static(rule, "bwd", None)
    return ([], [bwd]) if bwd is not None else ([], _backwards_within(rule))


def _backwards_within(rule: Any) -> list[Any]:
    """The backward of each autograd.Function, and the rule of each custom_vjp, that a function leads to."""
    within = own_functions([rule])
    return [each for each in within if each.__qualname__.rpartition(".")[2] in ("backward", "bwd")]
