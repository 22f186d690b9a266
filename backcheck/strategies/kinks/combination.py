"""The kinks of the combination."""

from backcheck.strategies.kinks.kink import Kink

EVEN = "the cotangent is split evenly over the ties"

KINKS: tuple[Kink, ...] = (
    Kink("maximum", "two equal", ([1.0], [1.0]), (0.5,), (0.5,), (0.5,), EVEN),
    Kink("minimum", "two equal", ([1.0], [1.0]), (0.5,), (0.5,), (0.5,), EVEN),
)  # fmt: skip
