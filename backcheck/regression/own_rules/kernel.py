"""A kernel of somebody's own table beside its reference: judged under the precision that it promises, by tensor."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from backcheck.errors import BadInput
from backcheck.regression.own_rules.rule import OwnRule
from backcheck.regression.own_rules.table import TableEntry
from backcheck.strategies.case import Case
from backcheck.subjects.kernels import entry as kernels
from backcheck.subjects.kernels.asked.beside import Beside
from backcheck.subjects.kernels.told.check import KernelCheck
from backcheck_reports.record import FAULTS, Verdict

DTYPES = ("float32", "float64", "float16", "bfloat16")  # in which draws are tried: few kernels take them all
VALUE = "value"


class KernelRule(OwnRule):
    """`beside` is its reference, with what the kernel promises. It is run and drawn as any other rule."""

    def __init__(self, name: str, entry: TableEntry) -> None:
        assert entry.beside is not None
        rule = entry.question.rule
        if isinstance(rule, tuple) and not all(callable(each) for each in rule):
            raise BadInput(f"{name}: a kernel of a table has forward and backward, or is a callable of a framework's")
        of_jax = type(rule).__module__.partition(".")[0] in ("jax", "jaxlib")
        kind = entry.question.kind or ("pair" if isinstance(rule, tuple) else "jax" if of_jax else "torch")
        super().__init__(name, replace(entry, question=replace(entry.question, kind=kind, dtypes=DTYPES)))
        self.beside: Beside = entry.beside

    def verdicts(self, case: Case) -> Mapping[str, tuple[Verdict, str]]:
        """By tensor the verdict on it, the worst of those of all its outputs for the value, and why it is one."""
        found = self._checked(case)
        told: dict[str, tuple[Verdict, str]] = {}
        for each in found.tensors:
            name = each.name if each.is_gradient else VALUE
            before = told.get(name)
            if before is None or (each.verdict in FAULTS and before[0] not in FAULTS):
                said = found.fault.sentence if found.fault is not None and each.verdict in FAULTS else ""
                told[name] = each.verdict, said
        return told

    def _checked(self, case: Case) -> KernelCheck:
        arrays, dy = case.make()
        node, rule = case.network.nodes[0], self.question.rule
        given, config, fixed = [arrays[name] for name in node.reads], dict(node.config), self.question.fixed
        with np.errstate(all="ignore"):
            if self.question.kind == "pair":
                forward, backward = rule
                return kernels.check_pair_kernel(forward, backward, given, self.beside, config, dy, None, 0, fixed)
            check: Any = kernels.check_jax_kernel if self.question.kind == "jax" else kernels.check_torch_kernel
            answer: KernelCheck = check(rule, given, self.beside, config, dy, None, 0, fixed)
            return answer
