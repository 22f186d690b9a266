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

    `function` is the qualified name, `line` the first line of the function within the text.
    """

    file: str
    source: str
    start: int
    text: str
    before: int  # lines of the file before the text
    function: str
    line: int
    code: types.CodeType

    def compiled(self, text: str) -> types.CodeType | None:
        """The function's code, where its statement is this text; None where that is no code that may stand for it."""
        flags = self.code.co_flags & FUTURES
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                whole = compile("\n" * self.before + text, self.file, "exec", flags=flags, dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError):
            return None
        first = self.code.co_firstlineno
        for each in codes_in(whole):
            if each.co_qualname == self.function and each.co_firstlineno == first:
                return each if each.co_freevars == self.code.co_freevars else None
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
            found = SourceOfCode(code.co_filename, source, start, text, first - 1, code.co_qualname, own, code)
            return found if same_code(found.compiled(text), code) else None
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
