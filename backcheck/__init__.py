"""Is this gradient right? Verdicts on hand-written backward passes, without a tolerance to guess.

check_vjp(forward, backward, *arrays)     a pair of functions           check_layer(layer, *arrays)   an object
check_torch(function, *tensors)           a torch.autograd.Function     check_jax(function, *arrays)  a custom_vjp
verify_rule(rule, arrays, config)         any of these, fuzzed          verify_like(name, forward, backward)
given_network(), given_rule()             Hypothesis tests of your own  check(network, arrays)       a whole network
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backcheck.problem import BadInput as BadInput
    from backcheck.pytest_plugin.given import given_network as given_network
    from backcheck.pytest_plugin.given import given_rule as given_rule
    from backcheck.subjects.drawn.shapes import Axis as Axis
    from backcheck.subjects.entry import check_jax as check_jax
    from backcheck.subjects.entry import check_layer as check_layer
    from backcheck.subjects.entry import check_torch as check_torch
    from backcheck.subjects.entry import check_vjp as check_vjp
    from backcheck.subjects.fuzz.verify_like import verify_like as verify_like
    from backcheck.subjects.fuzz.verify_rule import Verification as Verification
    from backcheck.subjects.fuzz.verify_rule import verify_rule as verify_rule
    from backcheck.subjects.result.check import Check as Check
    from backcheck.subjects.stateful.modes import evaluating as evaluating
    from backcheck.verdicts.check import Checked as Checked
    from backcheck.verdicts.check import check as check

_WHERE = {
    "check": "backcheck.verdicts.check",
    "Checked": "backcheck.verdicts.check",
    "Check": "backcheck.subjects.result.check",
    "check_vjp": "backcheck.subjects.entry",
    "check_layer": "backcheck.subjects.entry",
    "check_torch": "backcheck.subjects.entry",
    "check_jax": "backcheck.subjects.entry",
    "Verification": "backcheck.subjects.fuzz.verify_rule",
    "verify_rule": "backcheck.subjects.fuzz.verify_rule",
    "verify_like": "backcheck.subjects.fuzz.verify_like",
    "given_network": "backcheck.pytest_plugin.given",
    "given_rule": "backcheck.pytest_plugin.given",
    "Axis": "backcheck.subjects.drawn.shapes",
    "evaluating": "backcheck.subjects.stateful.modes",
    "BadInput": "backcheck.errors",
}


def __getattr__(name: str) -> Any:
    """The public names, loaded on first use: importing the package must cost nothing to those who do not use it."""
    if name not in _WHERE:
        raise AttributeError(f"module 'backcheck' has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)
