"""The first networks of a run have many rules each, side by side: by chance half of all rules are met after thirty.

They come in rounds. A round has every rule once, each in a branch of its own; the next round has them in another order,
with other options, other numbers and other sizes. So the first dozen networks show most of what is wrong anywhere.
"""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

from hypothesis.strategies import SearchStrategy

from backcheck.strategies.case import Case
from backcheck.strategies.case_strategies import cases
from backcheck.strategies.catalogue import CATALOGUE, CatalogueError, Row
from backcheck.strategies.catalogue.sizes import some_sizes
from scratch_bp.rules import Rule

NETWORKS_A_ROUND = 8
ROUNDS_A_SIZE = 2  # rounds in a row with the same sizes: JAX compiles anew for every size


class Round(NamedTuple):
    """What the numbers of a round are, and of how many nodes of the same rule a branch may be."""

    profiles: tuple[str, ...] | None = None
    most_nodes: int = 1


# numbers that show most faults; the same rule more than once; ties; what saturates; ordinary ones again; and any
ROUNDS = (
    Round(("integers", "lattice", "normal")),
    Round(("lattice", "normal"), 3),
    Round(("integers", "lattice")),
    Round(("spread", "saturating", "wide")),
    Round(("lattice", "normal")),
    Round(),
)


class Branch(NamedTuple):
    """What a branch of a network is drawn from, and the seed of its draws."""

    strategy: SearchStrategy[Case]
    stream: int


def branches(
    network: int, seed: int, first_size: int, names: Sequence[str], dtype: str, table: Mapping[str, Rule],
    code: Mapping[str, Rule],
) -> list[Branch]:  # fmt: skip
    """What network number `network` has side by side; nothing where it is none of the first ones, or the rules are few.

    The very first network is the simplest there is, and has no branches.
    """
    turn, at = divmod(network - 1, NETWORKS_A_ROUND)
    if not 0 <= turn < len(ROUNDS) or len(names) <= NETWORKS_A_ROUND:
        return []
    sizes, (profiles, most_nodes), found = some_sizes(first_size + turn // ROUNDS_A_SIZE), ROUNDS[turn], []
    shuffled = sorted(names, key=lambda name: digest(f"{seed}/round {turn}/{name}"))
    for name in shuffled[at::NETWORKS_A_ROUND]:
        for rows in _rows(name, turn):
            with suppress(CatalogueError):  # nothing that is drawn fits the rule alone
                drawn = cases(
                    (name,), (dtype,), profiles, table=table, catalogue=rows, sizes=sizes, max_nodes=most_nodes,
                    code=code,
                )  # fmt: skip
                found.append(Branch(drawn, digest(f"{seed}/{network}/{name}")))
                break
    return found


def digest(text: str) -> int:
    """A number for a text, the same in every process."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


@lru_cache(maxsize=1024)  # what is known of a row is kept by its identity
def _rows(name: str, turn: int) -> tuple[Mapping[str, Row], ...]:
    """The catalogues to draw from, the first that can be: in turn as it is, and with one option not at its default."""
    row = CATALOGUE.get(name, Row())
    option = (None, *row.config)[turn % (1 + len(row.config))]
    return (CATALOGUE,) if option is None else ({**CATALOGUE, name: _not_at_default(row, option)}, CATALOGUE)


def _not_at_default(row: Row, option: str) -> Row:
    given = row.config[option]

    def others(choices: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(choices[1:]) or tuple(choices)

    chosen: Any = (lambda bound: others(given(bound))) if callable(given) else others(given)
    return replace(row, config={**row.config, option: chosen})
