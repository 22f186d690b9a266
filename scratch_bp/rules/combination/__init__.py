"""Rules that combine several values into one."""

from collections.abc import Mapping

from scratch_bp.rules.combination import (
    add,
    maximum,
    minimum,
    multiply,
)
from scratch_bp.rules.rule import Rule

RULES: Mapping[str, Rule] = {
    "add": Rule(add.forward, add.backward),
    "multiply": Rule(multiply.forward, multiply.backward),
    "maximum": Rule(maximum.forward, maximum.backward),
    "minimum": Rule(minimum.forward, minimum.backward),
}
