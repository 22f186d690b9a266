"""One fault to be planted: where, of what kind, and how it gets in.

The faults of the catalogue and automatic mutants are the same dataclass, and the runner takes any of them.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from unittest import mock

from backcheck.problem import RuleTable
from scratch_bp import network as engine
from scratch_bp.rules import RULES, Rule

COMMON, OCCASIONAL, RARE = "common", "occasional", "rare"


class Patch(Protocol):
    """How a fault gets into a rule. The rule that it is given is left as it is."""

    def rule(self, name: str, right: Rule) -> Rule:
        """The rule with the fault. Raises StaleFault where what is to be replaced is not there any more."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedFault:
    """A wrong rule, as somebody may write it.

    name       of its own, for instance "conv2d: stride ignored in dx"
    rule       the rule that it is planted in; a network is judged for it where it has that rule
    kind       the family of the fault: one of `kinds.KINDS`, or "mutant"
    patch      how it gets in; None where the fault is in the reverse pass of whole networks, `reverse`
    tensors    what comes out wrong: arguments by name, "output" for the value, or a promise; any where not said
    says       the kinds of fault that the diagnosis may truly name; none where it has no name for this
    common     how often people write it: COMMON, OCCASIONAL or RARE
    needs      what a case must have to show it, in words
    seen       where such a fault was reported
    line       of a mutant: what was changed into what, and where
    """

    name: str
    rule: str
    kind: str
    patch: Patch | None = None
    reverse: Callable[..., Any] | None = None
    tensors: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    common: str = OCCASIONAL
    needs: str = ""
    seen: str = ""
    line: str = ""

    def apply(self, table: Mapping[str, Rule] = RULES) -> Mapping[str, Rule]:
        """The table of rules with the fault in it."""
        if self.patch is None:
            return table
        planted = RuleTable({**table, self.rule: self.patch.rule(self.rule, table[self.rule])})
        planted.engine = getattr(table, "engine", None)
        return planted

    @contextmanager
    def reverse_pass(self) -> Iterator[None]:
        """Within the block the networks of this process run with the fault's reverse pass, where it has one."""
        with mock.patch.object(engine, "reverse", self.reverse or engine.reverse):
            yield

    @contextmanager
    def planted(self, table: Mapping[str, Rule] = RULES) -> Iterator[Mapping[str, Rule]]:
        """Within the block the fault is there: in the table that is given, or in the reverse pass."""
        with self.reverse_pass():
            yield self.apply(table)
