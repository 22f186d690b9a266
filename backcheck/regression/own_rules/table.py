"""An entry of somebody's table, as a question that `verify_rule` would be asked.

An entry is what `verify_rule` takes: a (forward, backward) pair, a class with both, a torch.autograd.Function, a JAX
function with rules of its own; an object with a forward and a backward that keep no state is the pair of its methods.
Or it is a mapping with the entry as "rule" and further arguments of `verify_rule`:

    RULES = {"affine": (forward, backward), "linear": {"rule": Linear, "arrays": ["n d"], "config": {"d": Axis("d")}}}
"""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from backcheck.errors import BadInput
from backcheck.subjects.drawn.families import kind_of_code
from backcheck.subjects.drawn.objects import Handling
from backcheck.subjects.fuzz.rule_question import RuleQuestion
from backcheck.subjects.kernels.asked.beside import Beside
from backcheck.subjects.stateful.calls import calls_of

ABOUT_QUESTION = ("arrays", "config", "kind", "fixed", "meant", "order", "training", "torch", "jax")
ABOUT_OBJECT = ("params", "grads", "methods", "reset")
ABOUT_KERNEL = ("reference", "inside", "wrt", "fast", "out")
TAKEN = ("rule", *ABOUT_QUESTION, *ABOUT_OBJECT, *ABOUT_KERNEL)


@dataclass(frozen=True, slots=True)
class TableEntry:
    """`beside` is there for a kernel: its reference, and what it promises."""

    question: RuleQuestion
    beside: Beside | None = None


def entry_of(name: str, given: Any) -> TableEntry:
    """The entry of a table under this name. Raises BadInput for what `verify_rule` would not take."""
    said = dict(given) if isinstance(given, Mapping) else {"rule": given}
    wrong = [str(each) for each in said if each not in TAKEN]
    if wrong or "rule" not in said:
        came = f"got {wrong[0]!r}" if wrong else "no 'rule' came"
        raise BadInput(
            f"{name}: an entry in words has 'rule' and arguments of verify_rule ({', '.join(TAKEN)}); {came}"
        )
    about = {each: said[each] for each in ABOUT_QUESTION if each in said}
    objects = {each: said.get(each) for each in ABOUT_OBJECT}
    handling = Handling(objects["params"], objects["grads"], calls_of(objects["methods"], objects["reset"]))
    question = replace(RuleQuestion(rule=_plain(said["rule"]), **about), handling=handling)
    question = replace(question, config=dict(question.config or {}))
    beside = Beside(**{each: said[each] for each in ABOUT_KERNEL if each in said}) if "reference" in said else None
    if beside is None and question.kind is None:
        try:
            kind_of_code(question.rule, handling.calls)
        except BadInput as error:
            raise BadInput(f"{name}: {error}") from error
    return TableEntry(question, beside)


def _plain(rule: Any) -> Any:
    """A list of two is a pair; so are the methods of an object that is made already, or of a module."""
    if isinstance(rule, list) and len(rule) == 2:
        return tuple(rule)
    methods = tuple(getattr(rule, each, None) for each in ("forward", "backward"))
    made = not inspect.isclass(rule) and all(callable(each) for each in methods)
    return methods if made and type(rule).__module__.partition(".")[0] not in ("torch", "jax", "jaxlib") else rule
