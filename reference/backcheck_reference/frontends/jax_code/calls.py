"""JAX's primitives that call another jaxpr and where they keep it; what of a jaxpr is needed, and whose code it is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from backcheck_reference.lazy import jax

Run = Callable[[Any, list[Any]], list[Any]]  # of a jaxpr and its inputs

# these come with a hand-written derivative
CUSTOM = ("custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr")
OTHERS = ("call", "checkpoint", "closed_call", "composite", "core_call", "jit", "pjit", "remat", "remat2")
CALLS = (*CUSTOM, *OTHERS)


def called_by(eqn: Any) -> Any:
    """The jaxpr that an equation calls; None where it calls none."""
    params = eqn.params
    return next((params[key] for key in ("jaxpr", "call_jaxpr", "fun_jaxpr") if key in params), None)


def is_of_jax(part: Any) -> bool:
    """Is this code with a derivative by hand JAX's own, such as that of `jax.nn.relu`?"""
    return str(Path(jax.__file__).parent) in str(part.debug_info.func_src_info)


def needed(jaxpr: Any) -> list[Any]:
    """The equations that the outputs depend on: a backward keeps the forward's, and most are of no use to it."""
    wanted = {atom for atom in jaxpr.outvars if not hasattr(atom, "val")}
    found = []
    for eqn in reversed(jaxpr.eqns):
        if wanted.intersection(eqn.outvars):
            wanted.update(atom for atom in eqn.invars if not hasattr(atom, "val"))
            found.append(eqn)
    return found[::-1]


def platform(eqn: Any) -> int:
    """Of code that is written for several kinds of machine, the number of the version for the CPU."""
    platforms = eqn.params["platforms"]
    return next(at for at, names in enumerate(platforms) if names is None or "cpu" in names)


def scanned(eqn: Any, values: list[Any], run: Run, at_step: Callable[[Any, int], Any]) -> tuple[list[Any], list[Any]]:
    """What a scan carries in the end, and for each of its other outputs the values of all steps in order."""
    params = eqn.params
    fixed, moving = params["num_consts"], params["num_consts"] + params["num_carry"]
    carry, rows = values[fixed:moving], []
    order = range(params["length"])
    for at in reversed(order) if params["reverse"] else order:
        found = run(params["jaxpr"], [*values[:fixed], *carry, *(at_step(x, at) for x in values[moving:])])
        carry = found[: params["num_carry"]]
        rows.append(found[params["num_carry"] :])
    if params["reverse"]:
        rows.reverse()
    return carry, [[row[at] for row in rows] for at in range(len(eqn.outvars) - params["num_carry"])]


def looped(eqn: Any, values: list[Any], run: Run, holds: Callable[[Any], bool]) -> list[Any]:
    """What a while loop carries once its condition no longer holds."""
    params = eqn.params
    asked, done = params["cond_nconsts"], params["cond_nconsts"] + params["body_nconsts"]
    carry = values[done:]
    while holds(run(params["cond_jaxpr"], [*values[:asked], *carry])[0]):
        carry = run(params["body_jaxpr"], [*values[asked:done], *carry])
    return carry
