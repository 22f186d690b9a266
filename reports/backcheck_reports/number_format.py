"""Numbers as text. A part of the whole is never rounded to all of it, nor to none of it."""

import math
from collections.abc import Sequence

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
MOST_DIGITS = 17  # that tell any two float64 apart
CLOSE = 1e-3  # two numbers that are closer have their relative error beside them: the digit that differs is hard to see


def percent(part: int, whole: int) -> str:
    """A share as text: "100 %" and "0 %" only where they are exactly true."""
    if whole == 0:
        return "–"
    if part in (0, whole):
        return "100 %" if part else "0 %"
    tenths = round(1000 * part / whole)
    if tenths >= 1000:
        return ">99.9 %"
    return f"{tenths / 10:.1f} %" if tenths else "<0.1 %"


def count(number: int) -> str:
    return f"{number:,}"


def counted(number: int, noun: str) -> str:
    """The number with its noun: 1 network, 2,431 networks."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def short(value: float | None) -> str:
    """Three digits, for a table; a dash for None."""
    if value is None:
        return "–"
    if not math.isfinite(value) or value == 0:
        return f"{value:g}"
    return f"{value:#.3g}".rstrip(".") if 1e-3 <= abs(value) < 1e4 else f"{value:.2e}"


def exact(value: float) -> str:
    """As many digits as it takes to read the same float back."""
    return repr(float(value))


def apart(some: float, other: float, digits: int = 5) -> tuple[str, str]:
    """Two numbers in so many digits, or one more than it takes to see where they differ."""
    for precision in range(1, MOST_DIGITS):
        if f"{some:.{precision}g}" != f"{other:.{precision}g}":
            enough = max(digits, precision + 1)
            texts = f"{some:.{enough}g}", f"{other:.{enough}g}"
            if texts[0] != texts[1]:  # 0.25 and 0.2499999 differ in one digit, and not in two
                return texts
    return exact(some), exact(other)


def got_and_want(got: float, want: float, index: Sequence[int] = ()) -> str:
    """The worst entry of a tensor: "got 3.25 at [1], want 3.5", in so many digits as show that the two differ.

    Beside a small difference stands the relative error. Without a finite number to want nothing was judged: then the
    answer alone is told, or "" where there is none.

    >>> got_and_want(1.875000001, 1.875, (0, 2))
    'got 1.875000001 at [0, 2], want 1.875, relative error 5.3e-10'
    """
    where = f" at {list(index)}" if len(index) else ""
    if not math.isfinite(want):
        return "" if math.isnan(got) else f"got {got:.5g}{where}: not judged, since no finite number is known"
    if got == want:
        return f"got {exact(got)}{where}, and want is the same number in float64"
    texts = apart(got, want)
    off = abs(got - want) / abs(want) if want else math.inf
    relative = f", relative error {off:.1e}" if off < CLOSE else ""
    return f"got {texts[0]}{where}, want {texts[1]}{relative}"
