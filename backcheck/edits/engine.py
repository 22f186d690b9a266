"""All edits of some functions of a file, by operators over its syntax tree.

What an operator makes that is no Python, that is the same text, or that compiles to the same code, is no edit.
"""

import types
import warnings
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import libcst as cst

from backcheck.edits.edit import Edit
from backcheck.edits.numeric import NodeOperator
from backcheck.edits.site import Site, sites_of

OF_CODE = ("co_names", "co_varnames", "co_freevars", "co_argcount", "co_kwonlyargcount", "co_exceptiontable")


def edits_of(source: str, lines: Collection[int], operators: Sequence[NodeOperator]) -> list[Edit]:
    """The edits within the functions that begin at these lines, in the order of the text; each text once.

    A function with a decorator begins at the decorator. Raises SyntaxError where the source is not Python.
    """
    made = [edit for site in sites_of(source, lines) for edit in edits_at(site, source, operators)]
    before, found = _compiled(source), dict[str, Edit]()
    for edit in sorted(made, key=lambda each: (each.start, each.end)):
        text = edit.text
        if text != source and text not in found:
            code = _compiled(text)
            if code is not None and not same_code(before, code):
                found[text] = edit
    return list(found.values())


def edits_at(site: Site, source: str, operators: Sequence[NodeOperator]) -> Iterator[Edit]:
    """What the operators make of one node; the texts are not looked at."""
    for name, kind, operator in operators:
        if isinstance(site.node, kind):
            for other in _others(operator, site.node):
                yield Edit(source, site.start, site.end, site.code_of(other), name, site.function)


def _others(operator: Any, node: cst.CSTNode) -> Iterable[cst.CSTNode]:
    """What an operator makes; those of a library may meet nodes that they were not written for."""
    try:
        return list(operator(node))
    except (AttributeError, TypeError, ValueError, cst.CSTValidationError):
        return ()


def _compiled(text: str) -> types.CodeType | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "is" beside a literal, say
            return compile(text, "edited", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return None


def same_code(one: types.CodeType | None, other: types.CodeType | None) -> bool:
    """Do both do the same, instruction by instruction? Where they stand in the file is no matter."""
    if one is None or other is None or one.co_code != other.co_code or len(one.co_consts) != len(other.co_consts):
        return False
    if any(getattr(one, name) != getattr(other, name) for name in OF_CODE):
        return False
    return all(map(_same_constant, one.co_consts, other.co_consts))


def _same_constant(one: Any, other: Any) -> bool:
    if isinstance(one, types.CodeType) and isinstance(other, types.CodeType):
        return same_code(one, other)
    return type(one) is type(other) and repr(one) == repr(other)
