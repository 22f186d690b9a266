"""The kinks of the attention rules."""

from backcheck.kinks.kink import Kink

KINKS: tuple[Kink, ...] = ()
