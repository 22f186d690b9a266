"""Entries near the numbers that stand in the code which reads them."""

from collections.abc import Mapping, Sequence

from backcheck.strategies.arrays import ArrayRecipe
from backcheck.strategies.choice import MAX_CHOICES, Pick, any_of
from backcheck.strategies.literals import NO_LITERALS, Literals, limits_of, literals_of_rule, near
from scratch_bp.network import Network
from scratch_bp.rules import Rule

# how many entries are put near such a number: none in two of three cases
TIMES = (*(0,) * 8, 1, 2, 3, 4)


def with_literals(
    pick: Pick, network: Network, arrays: Mapping[str, ArrayRecipe], code: Mapping[str, Rule], dtype: str
) -> dict[str, ArrayRecipe]:
    """The arrays of a network, where the code of a rule that reads one has numbers. Rules without code have none."""
    readers: list[tuple[str, Literals]] = []
    for node in network.nodes:
        found = (
            literals_of_rule(code[node.rule].forward, code[node.rule].backward) if node.rule in code else NO_LITERALS
        )
        if found.numbers or found.by_dtype:
            readers += [(name, found) for name in node.reads if name in arrays]
    return placed(pick, readers[:MAX_CHOICES], arrays, dtype)


def placed(
    pick: Pick, readers: Sequence[tuple[str, Literals]], arrays: Mapping[str, ArrayRecipe], dtype: str
) -> dict[str, ArrayRecipe]:
    """The arrays with a few entries near the numbers of those who read them."""
    changed, times = dict(arrays), pick(TIMES)
    able = [(name, found) for name, found in readers if arrays[name].classes is None and arrays[name].size]
    for _ in range(times if able else 0):
        name, found = pick(able)
        of_dtype = found.by_dtype and (pick(range(4)) == 3 or not found.numbers)
        numbers = near(limits_of(dtype) if of_dtype else found.numbers, dtype)
        if numbers:
            entry = pick(range(min(changed[name].size, MAX_CHOICES)))
            changed[name] = replaced(changed[name], (entry, any_of(pick, numbers)))
    return changed


def replaced(recipe: ArrayRecipe, override: tuple[int, float]) -> ArrayRecipe:
    """The recipe with one entry replaced; not `dataclasses.replace`, which costs as much as ten draws."""
    overrides = (*recipe.overrides, override)
    return ArrayRecipe(
        recipe.shape, recipe.profile, recipe.seed, overrides, recipe.values, None, recipe.scale, recipe.domain
    )
