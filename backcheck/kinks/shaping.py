"""The kinks of the shaping rules."""

from backcheck.kinks.kink import Kink

KINKS: tuple[Kink, ...] = ()
