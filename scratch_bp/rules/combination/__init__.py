"""Rules that combine several values into one."""

from collections.abc import Mapping

from scratch_bp.rules.combination import (
    add,
    concat,
    divide,
    maximum,
    minimum,
    multiply,
    stack,
    subtract,
    where,
)
from scratch_bp.rules.rule import Rule

RULES: Mapping[str, Rule] = {
    "add": Rule(add.forward, add.backward),
    "subtract": Rule(subtract.forward, subtract.backward),
    "multiply": Rule(multiply.forward, multiply.backward),
    "divide": Rule(divide.forward, divide.backward),
    "maximum": Rule(maximum.forward, maximum.backward),
    "minimum": Rule(minimum.forward, minimum.backward),
    "where": Rule(where.forward, where.backward),
    "concat": Rule(concat.forward, concat.backward),
    "stack": Rule(stack.forward, stack.backward),
}
