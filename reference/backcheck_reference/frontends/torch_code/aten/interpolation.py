"""PyTorch's interpolation on exact numbers: each axis is multiplied by a table of exact weights, and by its transpose
in the backward.

The weights are fractions. Where PyTorch chooses a neighbour instead, it does so in float32, and so is it done here.
"""

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from backcheck_reference.frontends.torch_code.aten.shared import Array, Operator, along_last
from backcheck_reference.lazy import flint

Weights = list[tuple[int, Fraction]]  # of one output: which inputs, and how much of each
HALF = Fraction(1, 2)


def _step(n: int, out: int, align: bool, factor: Any) -> Fraction:
    """How far apart in the input two neighbours of the output are."""
    if align:
        return Fraction(n - 1, out - 1) if out > 1 else Fraction(0)
    return 1 / Fraction(factor) if factor is not None and factor > 0 else Fraction(n, out)


def _source(i: int, step: Fraction, align: bool) -> Fraction:
    return i * step if align else (i + HALF) * step - HALF


def _linear(n: int, out: int, align: bool, factor: Any) -> list[Weights]:
    rows = []
    for i in range(out):
        at = max(_source(i, _step(n, out, align, factor), align), Fraction(0))
        first = min(math.floor(at), n - 1)
        rows.append([(first, 1 - (at - first)), (min(first + 1, n - 1), at - first)])
    return rows


def cubic(t: Any, a: Any) -> list[Any]:
    """The weights of the four neighbours of a point that lies t beyond the second of them."""

    def near(x: Any) -> Any:
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def far(x: Any) -> Any:
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a

    return [far(t + 1), near(t), near(1 - t), far(2 - t)]


def _cubic(n: int, out: int, align: bool, factor: Any) -> list[Weights]:
    rows = []
    for i in range(out):
        at = _source(i, _step(n, out, align, factor), align)
        first = math.floor(at)
        weights = cubic(at - first, Fraction(-3, 4))
        rows.append([(min(max(first - 1 + k, 0), n - 1), w) for k, w in enumerate(weights)])
    return rows


def _nearest(shift: float) -> Callable[..., list[Weights]]:
    def table(n: int, out: int, align: bool, factor: Any) -> list[Weights]:
        step = np.float32(1 / factor) if factor is not None and factor > 0 else np.float32(n) / np.float32(out)
        places = [min(int(np.floor((np.float32(i) + np.float32(shift)) * step)), n - 1) for i in range(out)]
        return [[(at, Fraction(1))] for at in places]

    return table


def _triangle(x: Fraction) -> Fraction:
    return max(1 - abs(x), Fraction(0))


def _bell(x: Fraction) -> Fraction:
    size, a = abs(x), -HALF
    if size < 1:
        return ((a + 2) * size - (a + 3)) * size * size + 1
    return ((a * size - 5 * a) * size + 8 * a) * size - 4 * a if size < 2 else Fraction(0)


def _smoothed(kernel: Callable[[Fraction], Fraction], reach: int) -> Callable[..., list[Weights]]:
    """Interpolation that takes the mean over what an output covers, where it is smaller than the input."""

    def table(n: int, out: int, align: bool, factor: Any) -> list[Weights]:
        step = _step(n, out, align, factor)
        wide, rows = max(step, Fraction(1)), []
        for i in range(out):
            centre = step * (i + HALF)
            first = max(math.trunc(centre - reach * wide + HALF), 0)
            last = min(math.trunc(centre + reach * wide + HALF), n)
            weights = [kernel((j - centre + HALF) / wide) for j in range(first, last)]
            total = sum(weights)
            rows.append([(first + k, w / total) for k, w in enumerate(weights)])
        return rows

    return table


def table_of(rows: Sequence[Weights], n: int) -> Array:
    """The matrix (outputs, inputs) of exact numbers."""
    found = np.full((len(rows), n), flint.arb(0), dtype=object)
    for i, row in enumerate(rows):
        for j, weight in row:
            found[i, j] += flint.arb(weight.numerator) / weight.denominator
    return found


def _tables(make: Any, sizes: Sequence[int], output: Sequence[int], align: bool, factors: Sequence[Any]) -> list[Array]:
    given = [*factors, *[None] * (len(output) - len(factors))]
    each = zip(sizes, output, given, strict=True)
    return [table_of(make(n, out, align, factor), n) for n, out, factor in each]


def _forward(make: Any, aligned: bool, x: Array, output: Sequence[int], *options: Any) -> Array:
    align, factors = (options[0], options[1:]) if aligned else (False, options)
    tables = _tables(make, x.shape[2:], output, align, factors)
    return along_last(x, [table.T for table in tables])


def _backward(make: Any, aligned: bool, dy: Array, output: Sequence[int], sizes: Sequence[int], *options: Any) -> Array:
    align, factors = (options[0], options[1:]) if aligned else (False, options)
    return along_last(dy, _tables(make, sizes[2:], output, align, factors))


def _of(name: str, make: Any, aligned: bool) -> dict[str, Operator]:
    return {
        name: functools.partial(_forward, make, aligned),
        f"{name}_backward": functools.partial(_backward, make, aligned),
    }


def _copied(x: Array, pad: Sequence[int]) -> list[list[Weights]]:
    """For each axis, the last first in `pad`, which entry stands at each place of the padded array."""
    sizes = x.shape[-(len(pad) // 2) :]
    pairs = [(pad[i], pad[i + 1]) for i in range(len(pad) - 2, -1, -2)]
    return [
        [[(min(max(i, 0), n - 1), Fraction(1))] for i in range(-low, n + high)]
        for n, (low, high) in zip(sizes, pairs, strict=True)
    ]


def _replicated(x: Array, pad: Sequence[int]) -> Array:
    return along_last(x, [table_of(rows, n).T for rows, n in zip(_copied(x, pad), _last(x, pad), strict=True)])


def _replicated_backward(dy: Array, x: Array, pad: Sequence[int]) -> Array:
    return along_last(dy, [table_of(rows, n) for rows, n in zip(_copied(x, pad), _last(x, pad), strict=True)])


def _last(x: Array, pad: Sequence[int]) -> Sequence[int]:
    return x.shape[-(len(pad) // 2) :]


INTERPOLATION: Mapping[str, Operator] = {
    **{key: form for n in (1, 2, 3) for key, form in _of(f"upsample_nearest{n}d", _nearest(0), False).items()},
    **{key: form for n in (1, 2, 3) for key, form in _of(f"_upsample_nearest_exact{n}d", _nearest(0.5), False).items()},
    **_of("upsample_linear1d", _linear, True),
    **_of("upsample_bilinear2d", _linear, True),
    **_of("upsample_trilinear3d", _linear, True),
    **_of("upsample_bicubic2d", _cubic, True),
    **_of("_upsample_bilinear2d_aa", _smoothed(_triangle, 1), True),
    **_of("_upsample_bicubic2d_aa", _smoothed(_bell, 2), True),
    **{f"replication_pad{n}d": _replicated for n in (1, 2, 3)},
    **{f"replication_pad{n}d_backward": _replicated_backward for n in (1, 2, 3)},
}
