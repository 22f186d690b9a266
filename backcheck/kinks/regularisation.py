"""The kinks of the regularisation rules."""

from backcheck.kinks.kink import Kink

KINKS: tuple[Kink, ...] = ()
