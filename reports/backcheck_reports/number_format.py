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
    """Two numbers in so many digits, or in as many as it takes to see where they differ, and one more."""
    for precision in range(digits, MOST_DIGITS):
        texts = f"{some:.{precision}g}", f"{other:.{precision}g}"
        if texts[0] != texts[1]:
            precision += precision > digits
            return f"{some:.{precision}g}", f"{other:.{precision}g}"
    return exact(some), exact(other)


def seen_apart(some: float, other: float, digits: int = 5) -> bool:
    """Do the numbers differ in so many digits?"""
    return f"{some:.{digits}g}" != f"{other:.{digits}g}"
