"""When a gradient is wrong: the fault in words, or, where no known fault fits, the plain facts."""

from backcheck.faults.describe import describe
from backcheck.faults.table import KINDS, explain
from backcheck.faults.wrong import Fault, Wrong

__all__ = ["KINDS", "Fault", "Wrong", "describe", "explain"]
