"""A drawn case checked: its arrays are made, the problem is posed, every party is asked."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from backcheck.problem import pose
from backcheck.strategies.case import Case
from backcheck.verdicts import invariants
from backcheck.verdicts.check import Checked, examine
from backcheck.verdicts.parties import ORACLES, not_left_out
from backcheck.verdicts.second_order.products import SECOND
from scratch_bp.rules import Rule

EVERYBODY = (*ORACLES, invariants.PARTY, SECOND)


def check_case(case: Case, table: Mapping[str, Rule], oracles: tuple[str, ...] = EVERYBODY) -> Checked:
    """Make the arrays of a case and examine it. NumPy does not warn of overflow: that is part of what is examined."""
    arrays, dy = case.make()
    with np.errstate(all="ignore"):
        return examine(replace(pose(case.network, arrays, dy, rules=table), drawn=True), not_left_out(oracles))
