"""`backcheck doctor`: which oracles and dtypes work here, found out by trying, and for what does not work, why."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from backcheck.problem import Problem, pose
from backcheck.strategies.arrays import RecipeError, explicit
from backcheck.strategies.case import Case
from backcheck.verdicts.check import examine
from backcheck.verdicts.parties import FRAMEWORKS, ask_framework, calm
from backcheck.verdicts.truth.truth import quick
from backcheck_reference.numbers.balls import BITS
from backcheck_reports.record import FAULTS, Verdict
from scratch_bp.network import ArraySpec, Network, Node
from scratch_bp.optimisers import OPTIMISERS
from scratch_bp.rules import LAYERS, LOSSES

WORKS = "works"


def examine_dtype(dtype: str) -> str:
    """Does the subject agree with the truth on a small network of this dtype?"""
    try:
        checked = examine(_sample(dtype), ("exact",))
    except (RecipeError, TypeError, ValueError) as error:
        return str(error)
    verdicts = {m.verdict for (_, party), m in checked.measures.items() if party == "numpy"}
    if verdicts.intersection(FAULTS):
        return "the subject disagrees with the truth here"
    return WORKS if Verdict.AGREE in verdicts else "; ".join(sorted({m.reason for m in checked.measures.values()}))


def _sample(dtype: str) -> Problem:
    arrays = {"x": [[0.5, -1.0, 2.0]], "w": [[1.0, 0.25], [-0.5, 1.5], [0.75, -1.0]]}
    network = Network(
        {name: ArraySpec(np.shape(rows)) for name, rows in arrays.items()},
        (Node("a", "dense", ("x", "w")), Node("b", "tanh", ("a",))),
        "b",
    )
    recipes = {name: explicit(np.array(rows)) for name, rows in arrays.items()}
    made, dy = Case(network, recipes, explicit(np.array([[1.0, -0.5]])), dtype).make()
    return pose(network, made, dy)


def _oracles() -> dict[str, str]:
    calm()
    problem = _sample("float64")
    found = {name: ask_framework(name, problem).unavailable or WORKS for name in FRAMEWORKS}
    found["differences"] = WORKS
    truth = quick(problem)
    found["exact"] = WORKS if truth.known else truth.why
    return found


def examine_all() -> dict[str, Any]:
    """Names of what there is, and for each oracle and dtype `works` or the reason why not."""
    return {
        "rules": sorted(LAYERS),
        "losses": sorted(LOSSES),
        "optimisers": sorted(OPTIMISERS),
        "oracles": _oracles(),
        "dtypes": {dtype: examine_dtype(dtype) for dtype in BITS},
    }


def table(found: Mapping[str, Any]) -> list[str]:
    """The same as lines for the terminal."""
    lines = [f"{kind:<11} {', '.join(found[kind])}" for kind in ("rules", "losses", "optimisers")]
    for kind in ("oracles", "dtypes"):
        lines += [f"{kind:<11} {name:<12} {state}" for name, state in found[kind].items()]
    return lines
