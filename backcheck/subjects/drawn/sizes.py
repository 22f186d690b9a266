"""The axes of a described array: names, numbers, least sizes, and sizes that follow from others."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backcheck.strategies.choice import MAX_CHOICES, Pick

# Size 1 hides faults, and so do equal sizes: both are drawn, but not often. A failure shrinks towards the first.
SIZES = (1, 2, 3, 2, 3, 4, 5, 7)
FACTORS = (1, 2, 3)  # what a multiple is taken of: 4 * 7 would make large arrays
LEADS: tuple[tuple[int, ...], ...] = ((2,), (1,), (), (3,), (3, 2), (2, 1))
# Around what code is blocked, tiled and unrolled by. One axis at a time, and the others small: exact arithmetic has a
# price for every entry.
TILES = (9, 9, 8, 7, 17, 17, 16, 15, 33, 33, 32, 31, 65, 65, 65, 65, 64, 63, 129, 128, 127, 257, 255)
BESIDE_TILES = (1, 2, 3, 2)
MOST_SQUARED = 33
# what the sizes of one draw are like: mostly small, one axis at a tile in one of six, and now and then an empty batch
KINDS = (*("small",) * 40, *("tile",) * 9, "empty")

NAME = r"[A-Za-z_]\w*"
NAMED = re.compile(rf"(\*?)({NAME})(?:(>=|>)(\d+))?")
FOLLOWING = re.compile(rf"(?:(\d+)\*)?({NAME})(?:\*(\d+))?(?:([+-])(\d+))?")


@dataclass(frozen=True, slots=True)
class AxisSize:
    """The size of one axis: `times` that of the name, and `plus`. Without a name it is `plus` itself.

    `least` is the smallest size that is said for the name. A `starred` name stands for any number of axes.
    """

    name: str = ""
    times: int = 1
    plus: int = 0
    least: int = 1
    starred: bool = False

    @property
    def key(self) -> str:
        """What the size is kept under: `*batch` and `batch` are two names."""
        return f"*{self.name}" if self.starred else self.name

    def __str__(self) -> str:
        """As it is written in the line of an array."""
        if not self.name:
            return str(self.plus)
        more = f"{self.plus:+d}" if self.plus else ""
        least = f">={self.least}" if self.least > 1 else ""
        return f"{f'{self.times}*' if self.times > 1 else ''}{self.key}{more}{least}"

    def of(self, bound: Mapping[str, Any]) -> tuple[int, ...]:
        """The size, or sizes, where those of the names are known."""
        if not self.name:
            return (self.plus,)
        if self.starred:
            return tuple(bound[self.key])
        return (self.times * bound[self.name] + self.plus,)

    @property
    def least_of_name(self) -> int:
        """The smallest size of the name with which this axis has at least one entry."""
        return max(self.least, -((self.plus - 1) // self.times))


def parsed_axis(text: str) -> AxisSize | None:
    """The axis of a text such as "n", "3", "*batch", "n>=2", "4*s" or "d+1"; None for any other text."""
    if text.isdigit():
        return AxisSize(plus=int(text))
    if named := NAMED.fullmatch(text):
        star, name, sign, number = named.groups()
        if star and sign:
            return None
        return AxisSize(name, least=int(number) + (sign == ">") if number else 1, starred=bool(star))
    following = FOLLOWING.fullmatch(text)
    if following is None:
        return None
    before, name, after, sign, number = following.groups()
    times = int(before or after or 1)
    if (before and after) or times < 1:
        return None
    return AxisSize(name, times, int(f"{sign}{number}") if number else 0)


def draw_sizes(
    pick: Pick, axes: Iterable[AxisSize], counted: Collection[str] | None = (), squared: Collection[str] = ()
) -> dict[str, Any]:
    """A size for every name, drawn on its own; a starred name gets several sizes, or none.

    Now and then one axis is long, or the first, which is mostly a batch, is empty; not one that is `counted` by
    integers, of which there would be none. With None, no axis is. A name that an array has twice, and is `squared` by,
    is no longer than MOST_SQUARED: the entries grow as its square, and the terms of a product as its cube.
    """
    wanted = [axis for axis in axes if axis.name]
    least, times = _of_names(wanted)
    kind, which = pick(KINDS), pick(range(MAX_CHOICES))
    names = list(dict.fromkeys(axis.key for axis in wanted))
    bound: dict[str, Any] = {}
    for name in names:
        usual = FACTORS if times[name] > 1 else BESIDE_TILES if kind == "tile" else SIZES
        bound[name] = pick(LEADS) if name.startswith("*") else pick(usual) + least[name] - 1
    if kind == "tile" and names:
        name, tile = names[which % len(names)], pick(TILES)
        longest = MOST_SQUARED if name in squared else tile
        bound[name] = (tile,) if name.startswith("*") else max(least[name], min(tile, longest) // times[name])
    if kind == "empty" and counted is not None and names and least[names[0]] == 1 and names[0] not in counted:
        bound[names[0]] = (0,) if names[0].startswith("*") else 0
    return bound


def _of_names(wanted: Sequence[AxisSize]) -> tuple[dict[str, int], dict[str, int]]:
    """The least size of each name, and the largest number that a size of it is taken times."""
    least: dict[str, int] = {}
    times: dict[str, int] = {}
    for axis in wanted:
        least[axis.key] = max(least.get(axis.key, 1), 1 if axis.starred else axis.least_of_name)
        times[axis.key] = max(times.get(axis.key, 1), axis.times)
    return least, times
