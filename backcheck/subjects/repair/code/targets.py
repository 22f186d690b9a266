"""What may be edited: the functions that backward runs and forward does not, and the edits of each."""

import types
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial

from backcheck.edits.repairs.drafts import RankedEdit, ranked_edits
from backcheck.edits.repairs.words import Words
from backcheck.edits.site import Site
from backcheck.subjects.repair.code.slices import lines_of_gradients, places_of_gradients
from backcheck.subjects.repair.code.source import SourceOfCode, functions_of, source_of
from backcheck.subjects.repair.code.trace import watched
from backcheck.subjects.repair.code.trial import Marks, TrialCase
from backcheck.subjects.repair.code.vocabulary import Vocabulary, expressions_of

ONLY_WRONG, BOTH, ONLY_RIGHT = 0.0, 0.3, 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """A function that may be edited. `wrong` and `right` are the lines of its text that gradients come from which are
    so, None where that is not known; `places` are where it returns those that are right."""

    source: SourceOfCode
    functions: Sequence[types.FunctionType]
    vocabulary: Vocabulary
    wrong: frozenset[int] | None = None
    right: frozenset[int] | None = None
    places: Sequence[tuple[int, int]] = ()

    def edits(self, text: str) -> list[RankedEdit]:
        """Those of the function where its statement is this text, the likely ones first."""
        found = ranked_edits(text, [self.source.line], partial(self._words))
        return sorted(found, key=lambda each: each.cost + self._unlikely(each))

    def _words(self, site: Site) -> Words | None:
        return self.vocabulary.at(site.line + self.source.before)

    def _unlikely(self, ranked: RankedEdit) -> float:
        """What computes gradients that are right alone is rarely at fault."""
        line, edit = ranked.line, ranked.edit
        if any(start <= edit.start and edit.end <= end for start, end in self.places):
            return ONLY_RIGHT
        if self.wrong is None or self.right is None:
            return ONLY_WRONG
        if line in self.wrong:
            return BOTH if line in self.right else ONLY_WRONG
        return ONLY_RIGHT


def targets_of(case: TrialCase, marks: Marks, left_out: frozenset[types.CodeType] = frozenset()) -> list[Target]:
    """The functions, the innermost of those that began last: what the others call may be wrong in all of them."""
    problem = case.problem
    seen = watched(lambda: problem.function(problem.arrays))
    ran = watched(lambda: problem.vjp(problem.arrays, problem.dy))
    reads = problem.network.nodes[0].reads if len(problem.network.nodes) == 1 else ()
    found = []
    for code, what in ran.items():
        source = source_of(code) if code not in seen and code not in left_out else None
        if source is None:
            continue
        known = dict(zip((each.name for each in case.wanted), marks.right, strict=True))
        wrong, good = ([at for at, name in enumerate(reads) if known.get(name) is right] for right in (False, True))
        place = source.text, source.line, len(reads)
        found.append(
            Target(
                source,
                functions_of(code),
                Vocabulary(what, _module(source.source), source.source),
                wrong=lines_of_gradients(*place, wrong),
                right=lines_of_gradients(*place, good),
                places=places_of_gradients(*place, good),
            )
        )
    return found


@cache
def _module(source: str) -> Sequence[str]:
    return expressions_of(source)
