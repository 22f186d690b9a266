"""Is this gradient right? Verdicts on hand-written backward passes, without a tolerance to guess.

check_vjp(forward, backward, *arrays)     a pair of functions           check_layer(layer, *arrays)   an object
check_torch(function, *tensors)           a torch.autograd.Function     check_jax(function, *arrays)  a custom_vjp
verify_rule(rule, arrays, config)         any of these, fuzzed          verify_like(name, forward, backward)
given_network(), given_rule()             Hypothesis tests of your own  check(network, arrays)       a whole network

>>> import backcheck
>>> def forward(x):
...     return x * x, x
>>> def backward(x, dy):
...     return 2 * x * dy
>>> print(backcheck.check_vjp(forward, backward, [0.5, -1.0, 2.0]).verdict)
agree
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backcheck.errors import BadInput as BadInput
    from backcheck.pytest_plugin.given import given_network as given_network
    from backcheck.pytest_plugin.given import given_rule as given_rule
    from backcheck.subjects.drawn.shapes import Axis as Axis
    from backcheck.subjects.entry import check_jax as check_jax
    from backcheck.subjects.entry import check_layer as check_layer
    from backcheck.subjects.entry import check_torch as check_torch
    from backcheck.subjects.entry import check_vjp as check_vjp
    from backcheck.subjects.fuzz.verification import Verification as Verification
    from backcheck.subjects.fuzz.verify_like import verify_like as verify_like
    from backcheck.subjects.fuzz.verify_rule import verify_rule as verify_rule
    from backcheck.subjects.kernels.told.check import KernelCheck as KernelCheck
    from backcheck.subjects.pairs.held_constants import constant as constant
    from backcheck.subjects.pairs.meant import Meant as Meant
    from backcheck.subjects.result.check import Check as Check
    from backcheck.subjects.stateful.modes import evaluating as evaluating
    from backcheck.verdicts.check import Checked as Checked
    from backcheck.verdicts.check import check as check

# The same names for Python itself, which imports their modules on first use: `import backcheck` costs nothing to those
# who do not use it (pytest imports it in every session). A test holds the two lists together.
_MODULES = {
    "backcheck.errors": ("BadInput",),
    "backcheck.pytest_plugin.given": ("given_network", "given_rule"),
    "backcheck.subjects.drawn.shapes": ("Axis",),
    "backcheck.subjects.entry": ("check_vjp", "check_layer", "check_torch", "check_jax"),
    "backcheck.subjects.fuzz.verification": ("Verification",),
    "backcheck.subjects.fuzz.verify_like": ("verify_like",),
    "backcheck.subjects.fuzz.verify_rule": ("verify_rule",),
    "backcheck.subjects.kernels.told.check": ("KernelCheck",),
    "backcheck.subjects.pairs.held_constants": ("constant",),
    "backcheck.subjects.pairs.meant": ("Meant",),
    "backcheck.subjects.result.check": ("Check",),
    "backcheck.subjects.stateful.modes": ("evaluating",),
    "backcheck.verdicts.check": ("Checked", "check"),
}
_WHERE = {name: module for module, names in _MODULES.items() for name in names}

__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'backcheck' has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return __all__
