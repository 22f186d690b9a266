"""The kinks of the normalisation rules."""

from backcheck.kinks.kink import Kink

KINKS: tuple[Kink, ...] = ()
