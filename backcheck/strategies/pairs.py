"""Pairs of rules that a network is to have side by side: by chance alone, all pairs would take millions of networks.

Network number n of a run wishes for one pair, and n runs through all pairs. On which inputs and with which options the
first rule computes what the second can read is found by drawing the first a few times.
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
MOST_CONFIGS = 8


class Wish(NamedTuple):
    """Let `then` read what `first` gives."""

    first: str
    then: str


class Opening(NamedTuple):
    """An input and options for the first rule.

    `sure` is a number of an option: picked at every draw, it is known to lead to what the second rule can read.
    """

    start: Start
    config: dict[str, Any]
    sure: int = 0


class PairPlan(NamedTuple):
    """The wish that a network is to fulfil, if any, the openings for its first rule, and its second rule."""

    wish: Wish | None = None
    openings: tuple[Opening, ...] = ()
    then: Candidate | None = None

    @property
    def configs(self) -> list[dict[str, Any]]:
        return [opening.config for opening in self.openings]

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


class GrantedWish(NamedTuple):
    """A wish, the openings for its first rule, and its second rule."""

    wish: Wish
    openings: tuple[Opening, ...]
    then: Candidate | None = None

    @property
    def starts(self) -> tuple[Start, ...]:
        return tuple(dict.fromkeys(opening.start for opening in self.openings))

    def plan(self, start: Start) -> PairPlan:
        return PairPlan(self.wish, tuple(opening for opening in self.openings if opening.start == start), self.then)


def granted(wish: Wish, openings: tuple[Opening, ...], menu: Menu) -> GrantedWish | None:
    """The wish with those of its openings whose input is on the menu, or else with all; None when it has none.

    A loss whose inputs must lie in a domain can follow no rule: where it is wished for, it alone is the network.
    """
    then = menu.candidates[wish.then] if openings else None
    if not openings:
        wish, openings = Wish(wish.then, ""), _alone(menu, wish.then)
    near = tuple(opening for opening in openings if opening.start in menu.starts)
    return GrantedWish(wish, near or openings, then) if openings else None


def _alone(menu: Menu, rule: str) -> tuple[Opening, ...]:
    """The inputs in a domain that the loss can read where it can read no other."""
    bounded = [start for start in menu.starts if start.domain is not None and not _reads(menu, rule, start.shape)]
    return tuple(Opening(s, {}) for s in bounded if any(offer.candidate.name == rule for offer in menu.losses(*s)))


Add = Callable[[Pick, Draft, Offer, dict[str, Any]], None]  # adds a node that reads the input


def wish(number: int, layers: Sequence[str], names: Sequence[str]) -> Wish:
    """The pair that network `number` wishes for. So many numbers as there are pairs reach every pair once."""
    turn, at = divmod(number % (len(layers) * len(names)), len(layers))
    return Wish(layers[at], names[(turn + at) % len(names)])


def openings(menu: Menu, wanted: Wish, add: Add) -> tuple[Opening, ...]:
    """The openings after which the second rule can always follow; else those after which it sometimes can."""
    always: list[Opening] = []
    sometimes: list[Opening] = []
    for start, config, results in _explored(menu, wanted.first, add):
        good = [which for which, result in zip(TRIES, results, strict=True) if _reads(menu, wanted.then, result)]
        if good:
            (always if len(good) == len(TRIES) else sometimes).append(Opening(start, config, good[0]))
    return tuple(always or sometimes)


def _reads(menu: Menu, rule: str, shape: Shape) -> bool:
    return bool(menu.candidates[rule].places(shape, None))


@lru_cache(maxsize=4096)
def _explored(menu: Menu, rule: str, add: Add) -> tuple[tuple[Start, dict[str, Any], tuple[Shape, ...]], ...]:
    """Inputs and options to give the rule, and the shape that it then computes in each try."""
    found, candidate = [], menu.candidates[rule]
    for start in _unlike([start for start in dict.fromkeys(menu.starts) if candidate.places(*start)]):
        offer = Offer(candidate, candidate.places(*start))
        configs = candidate.configs(start.shape)
        for config in configs[:: -(-len(configs) // MOST_CONFIGS) or 1]:
            found.append((start, config, tuple(_result(menu, start, offer, config, which, add) for which in TRIES)))
    return tuple(found)


def _unlike(starts: Sequence[Start]) -> list[Start]:
    """Of each number of axes, and of each domain, the smallest, the middle and the largest."""
    kinds: dict[Any, list[Start]] = {}
    for start in sorted(starts, key=lambda each: prod(each.shape)):
        kinds.setdefault((len(start.shape), start.domain), []).append(start)
    return [start for kind in kinds.values() for start in dict.fromkeys((kind[0], kind[len(kind) // 2], kind[-1]))]


def again(which: int) -> Pick:
    """Picks the same option at every draw, or the last where there are fewer."""
    return lambda options: options[min(which, len(options) - 1)]


def _result(menu: Menu, start: Start, offer: Offer, config: dict[str, Any], which: int, add: Add) -> Shape:
    """The shape that the rule computes when option `which` is picked at every draw."""
    draft = Draft.of(start, menu.sizes)
    add(again(which), draft, offer, config)
    return draft.shapes[draft.latest]
