"""What a rule does beside its answers, on either side: it warns, answers otherwise each time, lays its results out."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from backcheck.regression.sides.raw_runs import RawRun


@dataclass(slots=True)
class Conduct:
    """What the runs of one rule have shown. `cases` counts those that both sides ran.

    warned     by warning that one side alone gives, how many cases, of which the first is kept: (old, new)
    unsteady   the tensors that had other bits in a second run, by side
    laid_out   how many results lie otherwise in memory, by tensor, with the strides of the first
    """

    cases: int = 0
    warned: tuple[dict[str, int], dict[str, int]] = field(default_factory=lambda: ({}, {}))
    unsteady: tuple[dict[str, int], dict[str, int]] = field(default_factory=lambda: ({}, {}))
    laid_out: dict[str, tuple[int, tuple[int, ...], tuple[int, ...]]] = field(default_factory=dict)

    def note(self, old: RawRun, new: RawRun) -> None:
        """The two runs of one case."""
        if old.error or new.error:
            return
        self.cases += 1
        for side, run, other in ((0, old, new), (1, new, old)):
            for warning in run.warned:
                kind = warning.partition(":")[0]
                # one that speaks of the same otherwise is no news
                if not any(each.startswith(kind) for each in other.warned):
                    self.warned[side][warning] = self.warned[side].get(warning, 0) + 1
            if run.unsteady:
                self.unsteady[side][run.unsteady] = self.unsteady[side].get(run.unsteady, 0) + 1
        for name, steps in new.strides.items():
            before = old.strides.get(name, steps)
            if before != steps and old.digests.get(name) == new.digests[name]:
                number = self.laid_out[name][0] if name in self.laid_out else 0
                self.laid_out[name] = number + 1, before, steps

    def sentences(self, rule: str) -> Iterator[tuple[str, str]]:
        """What changed, as (category, sentence)."""
        fresh = {warning: number for warning, number in self.warned[1].items() if warning not in self.warned[0]}
        if fresh:
            said = "; ".join(f"{warning} ({number} of {self.cases} cases)" for warning, number in fresh.items())
            yield "warning", f"{rule} warns where it did not before: {said}"
        old, new = self.unsteady
        if new and not old:
            name, number = next(iter(new.items()))
            said = f"{_tensor(rule, name)} has other bits each time, in {number} of {self.cases} cases"
            yield "unsteady", f"{said}; before, the same arrays gave the same answer"
        elif new and old:
            yield "as before", f"{rule} answers otherwise each time, as before"
        elif old:
            yield "mended", f"{rule} answers the same each time, which it did not before"
        for name, (number, before, steps) in self.laid_out.items():
            said = f"{_tensor(rule, name)} lies otherwise in memory in {number} of {self.cases} cases"
            yield "memory order", f"{said}: strides {list(before)} became {list(steps)}, in entries"


def _tensor(rule: str, name: str) -> str:
    return f"the value of {rule}" if name == "value" else f"{rule}.{name}"
