"""When a gradient is wrong: the fault in words, or, where no known fault fits, the plain facts."""

from backcheck.diagnosis.faults.catalogue import FAULT_KINDS, explain, explain_by_numbers
from backcheck.diagnosis.faults.plain_facts import describe
from backcheck.diagnosis.faults.wrong_gradient import Fault, Wrong

__all__ = ["FAULT_KINDS", "Fault", "Wrong", "describe", "explain", "explain_by_numbers"]
