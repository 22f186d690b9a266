"""The kinks of the linear rules."""

from backcheck.kinks.kink import Kink

KINKS: tuple[Kink, ...] = ()
