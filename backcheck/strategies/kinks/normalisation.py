"""The kinks of the normalisation rules."""

from backcheck.strategies.kinks.kink import Kink

KINKS: tuple[Kink, ...] = ()
