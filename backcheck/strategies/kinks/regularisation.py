"""The kinks of the regularisation rules."""

from backcheck.strategies.kinks.kink import Kink

KINKS: tuple[Kink, ...] = ()
