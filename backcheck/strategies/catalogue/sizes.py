"""The sizes that networks are made of: everything that hides a fault, and its opposite, in every pool.

Batch 1, one step, one channel and square images hide faults; so each pool has them and others besides: several samples,
channels that can be grouped, images that are not square, more steps than two, widths that can be cut into heads, and a
row that is longer than a tile.
"""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

Shape = tuple[int, ...]
T = TypeVar("T")


class Sizes(NamedTuple):
    """The sizes that networks are made of. A compiler compiles for every shape, so it is given few at a time.

    Vectors and rows are a leading shape and a width; images are (batch, channels, height, width), volumes have a depth
    before the height; sequences are (steps, batch, width). `tiles` are rows around the sizes that code is blocked and
    unrolled by. The first of each kind is the simplest, to which a failure shrinks.
    """

    leads: tuple[Shape, ...]
    widths: tuple[int, ...]
    images: tuple[Shape, ...] = ()
    volumes: tuple[Shape, ...] = ()
    sequences: tuple[Shape, ...] = ()
    tiles: tuple[Shape, ...] = ()

    @property
    def starts(self) -> tuple[Shape, ...]:
        """What an input may be: nearly two thirds of them rows, and most others images and sequences."""
        rows = tuple((*lead, width) for width in self.widths for lead in self.leads) * 3
        shares = ((self.images, 4), (self.volumes, 12), (self.sequences, 5), (self.tiles, 16))
        more = tuple(shape for kind, part in shares for shape in _often(kind, len(rows) // part))
        return (*rows, *more)


def _often(shapes: tuple[Shape, ...], number: int) -> tuple[Shape, ...]:
    """The shapes over and over, so many in all or each once; the first, which hides most, no more than once."""
    more = shapes[1:] or shapes
    return (*shapes[:1], *(more * number)[: max(number, len(shapes)) - 1])


SEVERAL_LEADS: tuple[Shape, ...] = ((2,), (4,), (3,), (2, 3))
OTHER_LEADS: tuple[Shape, ...] = ((1,), (3, 2), (), (1, 3), (2, 1))
EVEN, ODD = (2, 4, 6, 8), (3, 5, 7)

# several samples, channels that can be grouped, and no square
SEVERAL_IMAGES: tuple[Shape, ...] = (
    (2, 4, 3, 5), (3, 4, 4, 3), (2, 6, 3, 4), (2, 6, 2, 5), (4, 4, 2, 3), (3, 6, 3, 2),
)  # fmt: skip
OTHER_IMAGES: tuple[Shape, ...] = (
    (1, 2, 4, 4), (2, 3, 5, 4), (2, 4, 4, 6), (3, 1, 6, 5), (1, 4, 7, 5), (2, 1, 5, 8), (1, 6, 5, 3), (1, 2, 9, 7),
)  # fmt: skip
VOLUMES: tuple[Shape, ...] = ((2, 2, 3, 4, 3), (2, 4, 2, 3, 2), (1, 4, 3, 2, 4), (3, 2, 2, 3, 4))
# more steps than two, several samples, and a width for heads of more than one
SEVERAL_STEPS: tuple[Shape, ...] = ((3, 2, 4), (5, 2, 6), (4, 3, 4), (3, 2, 8), (4, 2, 6))
OTHER_STEPS: tuple[Shape, ...] = ((4, 1, 3), (1, 3, 4), (5, 2, 2), (2, 2, 6), (7, 1, 3), (9, 2, 1), (2, 4, 5))
TILES: tuple[Shape, ...] = (
    (9,), (2, 17), (33,), (9, 4), (1, 33), (3, 16), (65,), (2, 32), (65, 1), (31, 2), (4, 15), (2, 65), (17, 3), (8, 7),
    (129,), (1, 64), (2, 1, 33),
)  # fmt: skip
SIMPLE_IMAGE, SIMPLE_VOLUME, SIMPLE_STEPS = (1, 1, 3, 3), (1, 1, 3, 3, 3), (1, 1, 2)

# the width 1 first, since it is the simplest, and yet not the most common
EVERY_SIZE = Sizes(
    leads=((2,), (1,), (4,), (3, 2), ()),
    widths=(1, 2, 3, 5, 8, 2, 3, 5),
    images=(SIMPLE_IMAGE, *SEVERAL_IMAGES, *OTHER_IMAGES),
    volumes=(SIMPLE_VOLUME, *VOLUMES),
    sequences=(SIMPLE_STEPS, *SEVERAL_STEPS, *OTHER_STEPS),
    tiles=TILES,
)


def some_sizes(number: int) -> Sizes:
    """A few of the sizes, by number. Those of one number are unlike each other, and so are those of two numbers.

    Each has a batch of one and one of several, widths of 1, even and odd, and of images and sequences the simplest, one
    that hides little, and any other.
    """

    def one(what: str, options: Sequence[T]) -> T:
        digest = hashlib.sha256(f"{number}/{what}".encode()).digest()
        return options[int.from_bytes(digest[:4]) % len(options)]

    others = (one("even", EVEN), one("odd", ODD))
    return Sizes(
        leads=(one("several", SEVERAL_LEADS), one("other", OTHER_LEADS)),
        widths=(1, *others, *others),
        images=(SIMPLE_IMAGE, one("images", SEVERAL_IMAGES), one("image", OTHER_IMAGES)),
        volumes=(SIMPLE_VOLUME, one("volume", VOLUMES)),
        sequences=(SIMPLE_STEPS, one("sequences", SEVERAL_STEPS), one("sequence", OTHER_STEPS)),
        tiles=(one("tile", TILES),),
    )
