"""Numbers as text. A part of the whole is never rounded to all of it, nor to none of it."""

import math

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
MOST_DIGITS = 17  # that tell any two float64 apart


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
            return f"{some:.{enough}g}", f"{other:.{enough}g}"
    return exact(some), exact(other)
