"""The kinks of the convolution rules."""

from backcheck.kinks.kink import Kink

KINKS: tuple[Kink, ...] = ()
