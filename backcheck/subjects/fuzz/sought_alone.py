"""Cases of a known rule alone, drawn for code of somebody's version of it that no case has reached."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hypothesis import reject
from hypothesis.strategies import SearchStrategy

from backcheck.strategies.case import Case
from backcheck.subjects.fuzz.sought import ROUNDS, Strategies, reaches_more, with_values
from backcheck.subjects.lines.conditions import Sought, sought_by
from backcheck.subjects.lines.line_coverage import LineCoverage
from backcheck.subjects.pairs.generators import NO_GENERATORS
from backcheck.subjects.user_code import UserCode

OfSizes = Callable[[Sequence[int]], SearchStrategy[Case]]


class SoughtAlone(SearchStrategy[Case]):
    """The cases of a strategy with numbers that were asked for, of which those are kept that reach something."""

    def __init__(self, cases: SearchStrategy[Case], sought: Sought, code: UserCode, lines: LineCoverage | None) -> None:
        super().__init__()
        self._cases, self._sought, self._code, self._lines = cases, sought, code, lines
        self._before = {} if lines is None else lines.arcs()

    def do_draw(self, data: Any) -> Case:
        def pick(choices: Sequence[Any], /) -> Any:
            return choices[data.draw_integer(0, len(choices) - 1)]

        case: Case = data.draw(self._cases)
        if not case.network.nodes:
            reject()
        if self._sought.values and pick((True, False)):
            case = with_values({}, case, pick, self._sought.values)
        if self._lines is not None and not reaches_more(self._lines, self._before, self._code, case, NO_GENERATORS):
            reject()
        return case

    def __repr__(self) -> str:
        return f"cases of {self._code.name} for what is not reached"


def sought_alone(code: UserCode, of_sizes: OfSizes, lines: LineCoverage) -> Iterator[Strategies]:
    """As `sought_cases`: `of_sizes` has the cases whose axes have some of these sizes."""
    before = None
    for _ in range(ROUNDS):
        missed = lines.missed()
        if not missed or missed == before:
            return
        before, sought = missed, sought_by(missed)
        found = of_sizes(sought.sizes)
        yield SoughtAlone(found, sought, code, lines), SoughtAlone(found, sought, code, None)
