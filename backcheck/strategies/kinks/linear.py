"""The kinks of the linear rules."""

from backcheck.strategies.kinks.kink import Kink

KINKS: tuple[Kink, ...] = ()
