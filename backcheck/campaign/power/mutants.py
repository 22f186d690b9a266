"""Automatic mutants of the rules, their helpers included: small edits of their source, drawn with a seed.

Each is a fault like those of the catalogue, and the same runner takes it. A helper that several rules use is changed
for one of them, which the seed chooses.
"""

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from backcheck.campaign.power.fault import PlantedFault
from backcheck.campaign.power.patches import CopiedModules, source_of
from backcheck.edits.edit import Edit
from backcheck.edits.engine import edits_of
from backcheck.edits.library import library_operators
from backcheck.edits.numeric import NUMERIC_OPERATORS
from backcheck.subjects.lines.own_functions import own_functions
from scratch_bp.rules import RULES, Rule

MUTANT = "mutant"


@dataclass(frozen=True, slots=True)
class MutantPatch:
    """The rule made of copies of its modules, one of them with this text."""

    module: str
    edit: Edit

    def rule(self, name: str, right: Rule) -> Rule:
        return CopiedModules({self.module: self.edit.text}).rule(right.forward.__module__)


def mutants(number: int, seed: int, rules: Collection[str] = (), of_backward: bool = False) -> list[PlantedFault]:
    """So many mutants of these rules (all, unless said), each another text; fewer where there are no more.

    With `of_backward` only of what backward leads to and forward does not.

    The operators take turns: drawn evenly, half of the mutants would be an argument that is left out.

    Raises NoLibrary where the mutation tester is not installed whose operators are used.
    """
    wanted = [each for each in _every_edit(RULES, of_backward) if not rules or set(each.users) & set(rules)]
    draw = random.Random(seed)
    chosen = list(islice(_by_turns(wanted, draw), number))
    return [_fault(each, draw.choice([name for name in each.users if not rules or name in rules])) for each in chosen]


class UsedEdit(NamedTuple):
    """An edit of a module, and the rules that use the function in which it stands."""

    module: str
    edit: Edit
    users: Sequence[str]


def _by_turns(edits: Sequence[UsedEdit], draw: random.Random) -> Iterator[UsedEdit]:
    """One edit of each operator after the other, as long as it has any: half of all edits leave out an argument."""
    by_operator: dict[str, list[UsedEdit]] = {}
    for each in edits:
        by_operator.setdefault(each.edit.operator, []).append(each)
    for some in by_operator.values():
        draw.shuffle(some)
    while by_operator:
        for operator in sorted(by_operator):
            yield by_operator[operator].pop()
        by_operator = {operator: some for operator, some in by_operator.items() if some}


def _fault(used: UsedEdit, rule: str) -> PlantedFault:
    module, edit = used.module, used.edit
    before, after = edit.lines
    where = f"{module.removeprefix('scratch_bp.rules.')}:{edit.line}"
    changed = f"{where}, {edit.operator}: {before}  ->  {after}"
    return PlantedFault(
        name=f"{rule}: {where}:{edit.start} {edit.operator} {edit.new}",
        rule=rule,
        kind=MUTANT,
        patch=MutantPatch(module, edit),
        line=changed,
    )


def _every_edit(table: Mapping[str, Rule], of_backward: bool) -> list[UsedEdit]:
    """Of all functions that the rules lead to, module by module."""
    users: dict[tuple[str, int], list[str]] = {}
    lines: dict[tuple[str, str], int] = {}
    for name, rule in table.items():
        left_out = own_functions([rule.forward]) if of_backward else ()
        for function in own_functions([rule.forward, rule.backward]):
            if function in left_out:
                continue
            module, line = function.__globals__["__name__"], function.__code__.co_firstlineno
            users.setdefault((module, line), []).append(name)
            lines[module, function.__qualname__.partition(".")[0]] = line
    operators, found = (*NUMERIC_OPERATORS, *library_operators()), []
    for module in sorted({module for module, _ in users}):
        inside = [line for where, line in users if where == module]
        for edit in edits_of(source_of(module), inside, operators):
            at = lines.get((module, edit.function.partition(".")[0]))
            if at is not None:
                found.append(UsedEdit(module, edit, users[module, at]))
    return found
