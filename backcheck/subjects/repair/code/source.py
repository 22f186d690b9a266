"""Functions whose source is at hand, and the same functions with an edit: their code is exchanged where they stand.

Whoever holds such a function (a class, a table, a closure) runs the edit then. That is done in a process of its own.
"""

import __future__

import ast
import gc
import linecache
import types
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from backcheck.edits.engine import same_code
from backcheck.subjects.lines.own_functions import codes_in

FUTURES = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)


@dataclass(frozen=True, slots=True)
class SourceOfCode:
    """The statement at the top of a file in which a function stands: its text, where it begins, and the whole source.

    `line` is the first line of the function within the text, and `before` counts the lines of the file before that.
    """

    file: str
    source: str
    start: int
    text: str
    before: int
    line: int
    code: types.CodeType

    def compiled(self, text: str) -> types.CodeType | None:
        """The function's code, where its statement is this text; None where that is no code that may stand for it."""
        return _like(self.code, "\n" * self.before + text)


def _like(code: types.CodeType, text: str) -> types.CodeType | None:
    """The code that stands in the text where this one does."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            whole = compile(text, code.co_filename, "exec", flags=code.co_flags & FUTURES, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError):
        return None
    for each in codes_in(whole):
        if each.co_qualname == code.co_qualname and each.co_firstlineno == code.co_firstlineno:
            return each if each.co_freevars == code.co_freevars else None
    return None


def source_of(code: types.CodeType) -> SourceOfCode | None:
    """Where the code stands; None where there is no source of it, or another by now."""
    source = "".join(linecache.getlines(code.co_filename))
    try:
        top = ast.parse(source).body if source else []
    except (SyntaxError, ValueError):
        return None
    for each in top:
        first = min([each.lineno, *(d.lineno for d in getattr(each, "decorator_list", ()))])
        if first <= code.co_firstlineno <= (each.end_lineno or first):
            lines = source.splitlines(keepends=True)
            text = "".join(lines[first - 1 : each.end_lineno])
            start, own = len("".join(lines[: first - 1])), code.co_firstlineno - first + 1
            # of the whole file: what is imported there decides how Python looks up methods
            if same_code(_like(code, source), code):
                return SourceOfCode(code.co_filename, source, start, text, first - 1, own, code)
    return None


def key_of(code: types.CodeType) -> Any:
    """Two codes with the same key do the same, wherever they stand."""
    consts = tuple(key_of(c) if isinstance(c, types.CodeType) else (type(c), repr(c)) for c in code.co_consts)
    return code.co_code, consts, code.co_names, code.co_varnames, code.co_argcount, code.co_exceptiontable


def functions_of(code: types.CodeType) -> list[types.FunctionType]:
    """The functions of this code that there are."""
    return [each for each in gc.get_referrers(code) if isinstance(each, types.FunctionType) and each.__code__ is code]


@contextmanager
def running(functions: Sequence[types.FunctionType], code: types.CodeType) -> Iterator[None]:
    """Within the block these functions run other code."""
    before = [each.__code__ for each in functions]
    try:
        for each in functions:
            each.__code__ = code
        yield
    finally:
        for each, own in zip(functions, before, strict=True):
            each.__code__ = own
