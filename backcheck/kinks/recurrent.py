"""The kinks of the recurrent rules."""

from backcheck.kinks.kink import Kink

KINKS: tuple[Kink, ...] = ()
