"""The cases that both sides are asked about: who has drawn each, and how a side is told which is meant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from backcheck.regression.sides.draws import CaseHead, DrawnSide
from backcheck.regression.sides.processes import BothSides

Asked = str | Mapping[str, Any]  # a case: by the id under which the side has it, or as JSON


@dataclass(slots=True)
class SharedCases:
    """Whole networks as JSON, and by place the id and the head of every case of one node. Ordinary ones come first, and
    those of the new side before those of the old one alone."""

    networks: tuple[Mapping[str, Any], ...] = ()
    ids: tuple[str, ...] = ()
    heads: tuple[CaseHead, ...] = ()
    undrawn: Mapping[str, str] = field(default_factory=dict)
    lost: int = 0
    drawn: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    _read: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def of_both(cls, old: DrawnSide, new: DrawnSide) -> "SharedCases":
        """The cases of either, each once."""
        every = {**new.nodes, **old.nodes, **new.edges, **old.edges}
        networks = {**new.networks, **old.networks}
        undrawn = {rule: why for rule, why in new.undrawn.items() if rule in old.undrawn}
        drawn = frozenset((*old.nodes, *old.edges)), frozenset((*new.nodes, *new.edges))
        heads = tuple(every.values())
        return cls(tuple(networks.values()), tuple(every), heads, undrawn, min(old.lost, new.lost), drawn)

    def __len__(self) -> int:
        return len(self.ids)

    def json(self, pair: BothSides, place: int) -> Mapping[str, Any]:
        """The case itself, from a side that has it."""
        name = self.ids[place]
        if name not in self._read:
            side = 1 if name in self.drawn[1] else 0
            self._read[name] = pair[side].ask("case", name)
        return self._read[name]

    def asked(self, pair: BothSides, places: Sequence[int]) -> tuple[list[Asked], list[Asked]]:
        """How the old and the new side are told of these cases."""
        old, new = (
            [self.ids[place] if self.ids[place] in drawn else self.json(pair, place) for place in places]
            for drawn in self.drawn
        )
        return old, new
