"""A random network grows node by node, so that every network is valid and nothing is drawn and then rejected.

For each node these are drawn: whether to stop; the value that the node is about, mostly the latest; a rule that can
read a value of that shape, and at which position; its options; then each other array, a new one or one that fits. The
axis names in the rule's signature and its row in the catalogue decide what fits. A new rule needs no code here.

Everything is made of one operation, `pick(options)`. An earlier option is simpler; an option that is to be drawn more
often is there several times.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

from backcheck.strategies.candidates import Candidate, Menu, Offer
from backcheck.strategies.catalogue import Binding, Shape, fill
from backcheck.strategies.catalogue.sizes import Sizes
from backcheck.strategies.choice import MAX_CHOICES, Pick, any_of
from backcheck.strategies.draft import Draft, Want, network_of
from backcheck.strategies.pairs import GrantedWish, PairPlan, again
from scratch_bp.network import FIXED, ArraySpec, Network

MAX_RANK = 3
MAX_ENTRIES = 300  # of a value on which a network goes on growing
NEW_ARRAY, NO_ARRAY = "(new)", "(absent)"


class Grown(NamedTuple):
    """A network and the shape of its output."""

    network: Network
    shape: Shape


def grow(pick: Pick, menu: Menu, max_nodes: int, wanted: GrantedWish | None = None) -> Grown:
    """A network of 1 to `max_nodes` nodes. Its output is its last value, or a loss of that.

    It opens with the two rules that are wished for, where they can stand side by side. A failure that needs neither
    shrinks to a network without them.
    """
    granted = wanted if max_nodes > 1 else None
    # nearly always; a failure shrinks to where the wish is not granted
    if granted is not None and (pick(range(MAX_CHOICES)), pick(range(MAX_CHOICES))) == (0, 0):
        granted = None
    # a loss says most about itself: behind another rule little of what is drawn reaches it
    by_itself = pick((False, False, True))
    granted = granted.alone if granted is not None and by_itself else granted
    start = any_of(pick, granted.starts if granted else menu.starts)
    plan = granted.plan(start) if granted else PairPlan()
    draft = Draft.of(start, menu.sizes)
    while _grow_node(pick, menu, draft, max_nodes, plan):
        pass
    latest = draft.latest
    losses = menu.losses(draft.shapes[latest], draft.domain_of(latest)) if len(draft.nodes) < max_nodes else ()
    # drawn even where it decides nothing: the less a draw depends on others, the better a failure shrinks
    ends_in_loss = pick((False, True))
    planned = plan.next_of(draft, losses)
    if losses and (ends_in_loss or planned or not draft.nodes):
        _add_node(pick, draft, any_of(pick, planned or losses), draft.latest)
    keep_unused = pick(range(12)) == 11
    draft.latest = plan.output_of(draft)
    return Grown(network_of(draft, keep_unused), draft.shapes[draft.latest])


def _grow_node(pick: Pick, menu: Menu, draft: Draft, max_nodes: int, plan: PairPlan) -> bool:
    """Add a node that is no loss, or stop."""
    latest, domain = draft.shapes[draft.latest], draft.domain_of(draft.latest)
    going = pick(range(12))
    layers, losses = menu.layers(latest, domain), menu.losses(latest, domain)
    planned = plan.next_of(draft, layers)
    may_stop = bool(draft.nodes or losses) and not planned
    stops = (may_stop and going < 2) or plan.next_of(draft, losses)
    full = len(draft.nodes) == max_nodes or (prod(latest) > MAX_ENTRIES and not planned)
    if stops or full or not layers:
        return False
    main = _main(pick, menu, draft)
    if planned and not draft.nodes:
        _add_wished(pick, draft, any_of(pick, planned), plan)
    elif planned:
        _add_node(pick, draft, any_of(pick, planned), draft.latest)
    else:
        _add_node(pick, draft, any_of(pick, _layers(menu, draft, main)), main)
    return True


def _layers(menu: Menu, draft: Draft, name: str) -> tuple[Offer, ...]:
    return menu.layers(draft.shapes[name], draft.domain_of(name))


def _main(pick: Pick, menu: Menu, draft: Draft) -> str:
    """The value that the next node is about: mostly the latest, else an older one, seldom a parameter."""
    way = pick(range(12))
    others = [name for name in draft.shapes if name != draft.latest and _layers(menu, draft, name)]
    if way < 9 or not others:
        return draft.latest
    values = [name for name in others if name not in draft.arrays or name == "x"]
    dangling = [name for name in values if name in draft.unread]
    return pick(others if way == 11 else (dangling or values or others)[:MAX_CHOICES])


def add_first(pick: Pick, draft: Draft, offer: Offer, config: dict[str, Any]) -> None:
    """A node of the rule that reads the input, with these options."""
    _add_node(pick, draft, offer, draft.latest, [config])


def _add_wished(pick: Pick, draft: Draft, offer: Offer, plan: PairPlan) -> None:
    """The first rule of the plan, drawn freely; where the second cannot read what it gives, by the choices that are
    known to work."""
    before = draft.copy()
    _add_node(pick, draft, offer, draft.latest)
    if not plan.goes_on(draft):
        draft.become(before)
        add_first(again(plan.openings[0].sure), draft, offer, plan.openings[0].config)


def _add_node(
    pick: Pick, draft: Draft, offer: Offer, main: str, configs: Sequence[dict[str, Any]] | None = None
) -> None:
    """Let the rule read `main`, and draw the rest of what it reads and its options: from `configs` where given."""
    candidate, places = offer
    place = pick((*places[:1] * 3, *places[1:]))
    led = candidate.row.led or configs is not None
    config = _config(pick, candidate, draft.shapes[main] if led else None, configs)
    bound = candidate.shapes.read(place, draft.shapes[main], {}) or {}
    candidate = candidate.counted(bound, config)
    reads, bound = _reads(pick, draft, candidate, main, place, bound, config)
    shapes = [draft.shape_of(name) for name in reads]
    results = candidate.shapes.results(bound, shapes, config)
    new, several = draft.next_node, candidate.shapes.several
    names = [f"{new}.{i}" for i in range(len(results))] if several else [new]
    usual = candidate.shapes.defaults
    said = {option: choice for option, choice in config.items() if choice != usual.get(option)}
    draft.new_node(candidate.name, reads, said, dict(zip(names, results, strict=True)))
    if several:
        draft.latest = pick(names)


def _reads(
    pick: Pick, draft: Draft, candidate: Candidate, main: str, place: int, bound: Binding, config: Mapping[str, Any]
) -> tuple[tuple[str, ...], Binding]:
    """What the rule reads, with `main` at `place`, and the sizes of its axes; those of `main` are bound."""
    reads, given = {place: main}, len(candidate.shapes.arrays)
    rest = [position for position in range(given) if position != place]
    # class indices last: how many classes there are follows from the other arrays
    for position in sorted(rest, key=lambda position: candidate.shapes.arrays[position].integer):
        arguments = (candidate, position, bound, config)
        name = _read(pick, draft, Want(*arguments), reads) if position < given else NO_ARRAY
        if name == NO_ARRAY:
            given = min(given, position)  # arrays go by position: those behind it are absent too
            continue
        reads[position] = name
        bound = candidate.shapes.read(position, draft.shape_of(name), bound) or bound
    return tuple(reads[position] for position in sorted(reads)), bound


def _read(pick: Pick, draft: Draft, want: Want, reads: Mapping[int, str]) -> str:
    """A new array or one that fits, or none where the rule can do without."""
    slot = want.slot
    if not slot.integer:
        options = _options(draft, want, reads.values())
        if slot.optional and want.position > max(reads):
            options = [NO_ARRAY] * ((len(options) + 1) // 2) + options
        if (name := pick(options[:MAX_CHOICES])) != NEW_ARRAY:
            return name
    elif slot.optional and want.position > max(reads) and pick((NO_ARRAY, NEW_ARRAY)) == NO_ARRAY:
        return NO_ARRAY
    spec = ArraySpec(_new_shape(pick, draft.sizes, want), want.role, want.classes, want.said.lowest, want.domain)
    return draft.new_array(f"{slot.name}#{len(draft.arrays)}", spec)


def _options(draft: Draft, want: Want, taken: Iterable[str]) -> list[str]:
    """A new array and the values and arrays that fit, each as often as it is to be read."""
    fitting = [name for name, shape in draft.shapes.items() if want.takes(shape) and want.role != FIXED]
    fits = [name for name in fitting if want.domain in (None, draft.domain_of(name))][-12:]
    slot = want.slot
    if not slot.carries:  # a parameter: mostly a new one, sometimes one that plays the same part elsewhere
        return (
            [NEW_ARRAY] * max(1, 4 * len(fits)) + fits + [name for name in fits if name.startswith(f"{slot.name}#")] * 3
        )
    # data: join a branch, take an older value again, or read the same value twice; a loss of one value is seldom wanted
    new = 2 + (2 * len(fits) if want.candidate.shapes.is_loss else len(fits) // 2)
    return [NEW_ARRAY] * new + [name for name in fits if name in draft.unread and name not in taken] * 3 + fits


def _new_shape(pick: Pick, sizes: Sizes, want: Want) -> Shape:
    """A shape for this array: one of those listed for it, or its bound axes as they are and the others drawn."""
    listed = want.shapes
    if listed is not None:
        return any_of(pick, listed)
    free = dict(want.bound)
    equal = [size for size in free.values() if isinstance(size, int)]
    for axis in want.slot.dims:
        if axis.isdigit() or axis in free:
            continue
        if axis[0] != "*":
            free[axis] = pick((*sizes.widths, *equal * 3)[:MAX_CHOICES])
        elif want.candidate.shapes.broadcasts:
            free[axis] = pick(_partners(want.bound["*broadcast"]))
        else:
            free[axis] = pick(sizes.leads)
    return fill(want.slot.dims, free)


@lru_cache(maxsize=1024)
def _partners(shape: Shape) -> tuple[Shape, ...]:
    """Shapes that broadcast with this one: the same, fewer axes, an axis of 1, and, the other way, larger ones; and
    for axes of 1 the outer product, where each of the two is repeated along the other."""
    shorter = [shape[i:] for i in range(1, len(shape) + 1)]
    flat = [(*shape[:i], 1, *shape[i + 1 :]) for i in range(len(shape)) if shape[i] != 1]
    stretched = [(*shape[:i], 3, *shape[i + 1 :]) for i in range(len(shape)) if shape[i] == 1]
    outer = [tuple(3 if size == 1 else 1 for size in shape)] * 3 if 1 in shape and max(shape) > 1 else []
    longer = [(size, *shape) for size in (2, 4) if len(shape) < MAX_RANK]
    return (shape, shape, *shorter, *flat, *stretched, *outer, *longer)


def _config(
    pick: Pick, candidate: Candidate, shape: Shape | None, configs: Sequence[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """All options, one after the other: each of those choices that go with this shape and with the choices before."""
    if shape is None or not candidate.row.config:
        # choices are functions only where a first array leads
        return {option: pick(choices) for option, choices in candidate.row.config.items()}  # type: ignore[arg-type]
    left = tuple(candidate.configs(shape) if configs is None else configs)
    for option in candidate.row.config:
        choices = list({repr(config[option]): config[option] for config in left}.values())
        choice = any_of(pick, choices)
        left = tuple(config for config in left if config[option] == choice and type(config[option]) is type(choice))
    return left[0]
