"""Is this gradient right? Verdicts on hand-written backward passes, without a tolerance to guess.

check_vjp(forward, backward, *arrays)     a pair of functions           check_layer(layer, *arrays)   an object
check_torch(function, *tensors)           a torch.autograd.Function     check_jax(function, *arrays)  a custom_vjp
verify_rule(rule, arrays, config)         any of these, fuzzed          verify_like(name, forward, backward)
given_network(), given_rule()             Hypothesis tests of your own  check(network, arrays)       a whole network
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backcheck.checking import Checked as Checked
    from backcheck.checking import check as check
    from backcheck.given import given_network as given_network
    from backcheck.given import given_rule as given_rule
    from backcheck.own.check import Check as Check
    from backcheck.own.entry import check_jax as check_jax
    from backcheck.own.entry import check_layer as check_layer
    from backcheck.own.entry import check_torch as check_torch
    from backcheck.own.entry import check_vjp as check_vjp
    from backcheck.own.fuzz import Verification as Verification
    from backcheck.own.fuzz import verify_rule as verify_rule
    from backcheck.own.like import verify_like as verify_like
    from backcheck.own.shapes import Axis as Axis
    from backcheck.own.subjects import evaluating as evaluating
    from backcheck.problem import BadInput as BadInput

_WHERE = {
    "check": "backcheck.checking",
    "Checked": "backcheck.checking",
    "Check": "backcheck.own.check",
    "check_vjp": "backcheck.own.entry",
    "check_layer": "backcheck.own.entry",
    "check_torch": "backcheck.own.entry",
    "check_jax": "backcheck.own.entry",
    "Verification": "backcheck.own.fuzz",
    "verify_rule": "backcheck.own.fuzz",
    "verify_like": "backcheck.own.like",
    "given_network": "backcheck.given",
    "given_rule": "backcheck.given",
    "Axis": "backcheck.own.shapes",
    "evaluating": "backcheck.own.subjects",
    "BadInput": "backcheck.problem",
}


def __getattr__(name: str) -> Any:
    """The public names, loaded on first use: importing the package must cost nothing to those who do not use it."""
    if name not in _WHERE:
        raise AttributeError(f"module 'backcheck' has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)
