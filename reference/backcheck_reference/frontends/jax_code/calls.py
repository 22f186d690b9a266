"""JAX's primitives that call another jaxpr, and where they keep it."""

from typing import Any

# these come with a hand-written derivative
CUSTOM = ("custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr")
OTHERS = ("call", "checkpoint", "closed_call", "composite", "core_call", "jit", "pjit", "remat", "remat2")
CALLS = (*CUSTOM, *OTHERS)


def called_by(eqn: Any) -> Any:
    """The jaxpr that an equation calls; None where it calls none."""
    params = eqn.params
    return next((params[key] for key in ("jaxpr", "call_jaxpr", "fun_jaxpr") if key in params), None)
