"""Pairs of rules that a network is to have side by side: by chance alone, all pairs would take millions of networks.

Network number n of a run wishes for one pair, and n runs through all pairs. On which inputs and with which options the
first rule computes what the second can read is found by drawing the first a few times, until it can.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

from backcheck.strategies.candidates import Candidate, Menu, Offer, Start
from backcheck.strategies.catalogue import Shape
from backcheck.strategies.choice import Pick
from backcheck.strategies.draft import Draft, node_of

TRIES = (0, 1, 2)  # which of the options each try picks: the first, the second, the third
MOST_CONFIGS = 4


class Wish(NamedTuple):
    """Let `then` read what `first` gives."""

    first: str
    then: str


class Opening(NamedTuple):
    """An input for the first rule, and choices that lead to what the second can read, in case that others do not.

    These are a set of options, and `sure`, a number of an option that is then picked at every draw.
    """

    start: Start
    config: dict[str, Any]
    sure: int = 0


class PairPlan(NamedTuple):
    """The wish that a network is to fulfil, if any, the openings for its first rule, and its second rule."""

    wish: Wish | None = None
    openings: tuple[Opening, ...] = ()
    then: Candidate | None = None

    def goes_on(self, draft: Draft) -> bool:
        """Can the second rule read the latest value?"""
        return self.then is None or bool(self.then.places(draft.shapes[draft.latest], None))

    def next_of(self, draft: Draft, offers: tuple[Offer, ...]) -> tuple[Offer, ...]:
        """The offers of the rule that is now wished for."""
        at = len(draft.nodes)
        wanted = self.wish[at] if self.wish and at < len(self.wish) else None
        return tuple(offer for offer in offers if offer.candidate.name == wanted)

    def output_of(self, draft: Draft) -> str:
        """The latest value that depends on the pair, so that the pair is a part of the network."""
        depending: list[str] = []
        for node in draft.nodes[1:]:
            if not depending or any(name in depending for name in node.reads):
                depending += [name for name in draft.shapes if node_of(name) == node.name]
        return draft.latest if self.wish is None or draft.latest in depending or not depending else depending[-1]


Add = Callable[[Pick, Draft, Offer, dict[str, Any]], None]  # adds a node that reads the input


class GrantedWish(NamedTuple):
    """A wish, the openings for its first rule, and its second rule; where that is a loss, its openings without the
    first one."""

    wish: Wish
    openings: tuple[Opening, ...]
    then: Candidate | None = None
    lone: tuple[Opening, ...] = ()

    @property
    def alone(self) -> "GrantedWish":
        """The second rule by itself, where it is a loss that can read an input; the same wish where it is not."""
        return GrantedWish(Wish(self.wish.then, ""), self.lone) if self.lone else self

    @property
    def starts(self) -> tuple[Start, ...]:
        return tuple(dict.fromkeys(opening.start for opening in self.openings))

    def plan(self, start: Start) -> PairPlan:
        return PairPlan(self.wish, tuple(opening for opening in self.openings if opening.start == start), self.then)


def granted(wish: Wish, every: Menu, menu: Menu, add: Add) -> GrantedWish | None:
    """The wish with openings whose input is on the menu, or else with others; None when it has none.

    A loss whose inputs must lie in a domain can follow no rule: where it is wished for, it alone is the network.
    """
    # where few sizes lead to no opening, all lead to none: they are asked where the first rule reads none of the few
    found = openings(menu if _starts_of(menu, wish.first) else every, wish, add)
    lone = _alone(menu, wish.then)
    if not found:
        wish, found = Wish(wish.then, ""), tuple(opening for opening in lone if opening.start.domain is not None)
        return GrantedWish(wish, found) if found else None
    return GrantedWish(wish, found, menu.candidates[wish.then], lone)


def _alone(menu: Menu, loss: str) -> tuple[Opening, ...]:
    """The inputs that the loss can read: those in a domain where it can read no other."""
    starts = [
        start for start in dict.fromkeys(menu.starts) if start.domain is None or not _reads(menu, loss, start.shape)
    ]
    return tuple(Opening(s, {}) for s in starts if any(offer.candidate.name == loss for offer in menu.losses(*s)))


def wish(number: int, layers: Sequence[str], names: Sequence[str]) -> Wish:
    """The pair that network `number` wishes for. So many numbers as there are pairs reach every pair once."""
    turn, at = divmod(number % (len(layers) * len(names)), len(layers))
    return Wish(layers[at], names[(turn + at) % len(names)])


def openings(menu: Menu, wanted: Wish, add: Add) -> tuple[Opening, ...]:
    """For each input an opening after which the second rule can follow, where there is one."""
    if not menu.candidates[wanted.then].follows:
        return ()
    starts = _starts_of(menu, wanted.first)
    found = (_opening(menu, wanted, start, configs, add) for start, configs in starts)
    return tuple(opening for opening in found if opening is not None)


def _opening(menu: Menu, wanted: Wish, start: Start, configs: Sequence[dict[str, Any]], add: Add) -> Opening | None:
    for which in TRIES:
        for config in configs:
            if _reads(menu, wanted.then, _result(menu, wanted.first, start, repr(config), which, add)):
                return Opening(start, config, which)
    return None


def _reads(menu: Menu, rule: str, shape: Shape) -> bool:
    return bool(menu.candidates[rule].places(shape, None))


@lru_cache(maxsize=4096)
def _starts_of(menu: Menu, rule: str) -> tuple[tuple[Start, tuple[dict[str, Any], ...]], ...]:
    """The inputs that the rule can read, those that are unlike, and a few sets of options that go with each."""
    candidate = menu.candidates[rule]
    starts = _unlike([start for start in dict.fromkeys(menu.starts) if candidate.places(*start)])
    every = ((start, candidate.configs(start.shape)) for start in starts)
    return tuple((start, configs[:: -(-len(configs) // MOST_CONFIGS) or 1]) for start, configs in every)


def _unlike(starts: Sequence[Start]) -> list[Start]:
    """Of each number of axes, and of each domain, at most four, small and large ones."""
    kinds: dict[Any, list[Start]] = {}
    for start in sorted(starts, key=lambda each: prod(each.shape)):
        kinds.setdefault((len(start.shape), start.domain), []).append(start)
    return [kind[at] for kind in kinds.values() for at in sorted({i * (len(kind) - 1) // 3 for i in range(4)})]


def again(which: int) -> Pick:
    """Picks the same option at every draw, or the last where there are fewer."""
    return lambda options: options[min(which, len(options) - 1)]


@lru_cache(maxsize=2**16)
def _result(menu: Menu, rule: str, start: Start, config: str, which: int, add: Add) -> Shape:
    """The shape that the rule computes with these options, as they are written, when option `which` is picked at every
    draw."""
    candidate = menu.candidates[rule]
    options = next(each for each in candidate.configs(start.shape) if repr(each) == config)
    draft = Draft.of(start, menu.sizes)
    add(again(which), draft, Offer(candidate, candidate.places(*start)), options)
    return draft.shapes[draft.latest]
