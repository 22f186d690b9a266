"""Which of several failures of one kind tells most about the fault.

In one small case many faults look alike, and a wrong one may fit by chance: a gradient that is twice as large, where
the width is 2 and so is the batch. What two cases say is said by the fault.
"""

from collections import Counter
from collections.abc import Sequence

from backcheck.diagnosis.locate import Finding
from backcheck.diagnosis.sentence import Account, account
from backcheck.problem import Problem

ENOUGH = 3  # failures of one kind that are looked at: to look at one costs as much as to find it


def most_telling(failures: Sequence[tuple[Finding, Problem]]) -> tuple[int, Account]:
    """The number of the failure that tells most, and what it says.

    A kind of fault that most of them say goes before one that few say; where none is said twice, the case with most
    wrong entries goes first, and among equals the earlier one.
    """
    accounts = [account(*failure) for failure in failures]
    kinds = Counter(each.fault.kind for each in accounts if each.fault is not None)

    def evidence(number: int) -> tuple[int, int, int]:
        said = accounts[number]
        votes = 0 if said.fault is None else kinds[said.fault.kind]
        return (votes if votes > 1 else 0, said.wrong_entries, -number)

    best = max(range(len(accounts)), key=evidence)
    return best, accounts[best]
