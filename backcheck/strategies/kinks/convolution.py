"""The kinks of the convolution rules."""

from backcheck.strategies.kinks.kink import Kink

KINKS: tuple[Kink, ...] = ()
