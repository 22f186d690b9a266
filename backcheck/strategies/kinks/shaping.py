"""The kinks of the shaping rules."""

from backcheck.strategies.kinks.kink import Kink

KINKS: tuple[Kink, ...] = ()
