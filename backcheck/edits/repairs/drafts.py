"""All edits that may make a function right, the likely ones first."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import NamedTuple

from backcheck.edits.edit import Edit
from backcheck.edits.engine import edits_at
from backcheck.edits.numeric import NUMERIC_OPERATORS
from backcheck.edits.repairs.brackets import in_place_of, without_outer
from backcheck.edits.repairs.calls import CALL_OPERATORS
from backcheck.edits.repairs.replacements import REPLACEMENT_OPERATORS
from backcheck.edits.repairs.statements import STATEMENT_OPERATORS
from backcheck.edits.repairs.terms import TERM_OPERATORS
from backcheck.edits.repairs.words import RepairOperator, Words
from backcheck.edits.site import Site, sites_of

REPAIR_OPERATORS: tuple[RepairOperator, ...] = (
    *STATEMENT_OPERATORS,
    *CALL_OPERATORS,
    *REPLACEMENT_OPERATORS,
    *TERM_OPERATORS,
)
AS_OF_MUTANTS = 1.0  # what breaks right code in one step is what makes wrong code right


class RankedEdit(NamedTuple):
    """An edit, how unlikely it is, and the line at which its statement begins."""

    edit: Edit
    cost: float
    line: int


def ranked_edits(source: str, lines: Collection[int], words: Callable[[Site], Words | None]) -> list[RankedEdit]:
    """Those within the functions that begin at these lines, each text once, the likely ones first.

    `words` has the vocabulary of the statement of a node, None where nothing is known of it: it never ran.
    """
    found: dict[tuple[int, int, str], RankedEdit] = {}
    for site in sites_of(source, lines):
        known = words(site)
        if known is None:
            continue
        for edit, cost in _at(site, source, known):
            key = edit.start, edit.end, edit.new
            if edit.new != site.text and (key not in found or cost < found[key].cost):
                found[key] = RankedEdit(edit, cost, site.line)
    return sorted(found.values(), key=lambda each: each.cost)


def _at(site: Site, source: str, words: Words) -> Iterator[tuple[Edit, float]]:
    for edit in edits_at(site, source, NUMERIC_OPERATORS):
        new = in_place_of(site.node, site.parent, without_outer(edit.new)) if site.is_value else edit.new
        yield replace(edit, new=new), AS_OF_MUTANTS
    for operator in REPAIR_OPERATORS:
        if isinstance(site.node, operator.kinds):
            for text, cost in operator.drafts(site, words):
                new = in_place_of(site.node, site.parent, text) if site.is_value else text
                yield Edit(source, site.start, site.end, new, operator.name, site.function), cost
