"""Numbers as text, without flattery: nothing rounds up to everything, nothing rounds down to nothing."""

import math


def percent(part: int, whole: int) -> str:
    """A share in words that hold: "100 %" and "0 %" are said only when they are exactly true."""
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
    """Three digits, the way a table wants them; a dash where there is nothing to say."""
    if value is None:
        return "–"
    if not math.isfinite(value) or value == 0:
        return f"{value:g}"
    return f"{value:#.3g}".rstrip(".") if 1e-3 <= abs(value) < 1e4 else f"{value:.2e}"


def exact(value: float) -> str:
    """Every digit that it takes to read the same float back."""
    return repr(float(value))
