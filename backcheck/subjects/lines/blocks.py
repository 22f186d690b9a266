"""Which statements of a function no run has reached, and the condition that stood before them, in its author's words.

Left out is what cannot matter to a gradient: a block that ends in `raise`, what is marked `pragma: no cover`, and what
has no code of its own. A condition that was never false is said as well, where nothing stands behind `else`.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

MOST_CHARACTERS = 70  # of a condition
Arc = tuple[int, int]
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Untaken:
    """Lines that were never run, or with `always` a condition that never was false.

    `test` is the expression that would have had to be another, and `wanted` what it would have to be; None where no
    condition stands before the lines.
    """

    first: int
    last: int
    condition: str = ""
    always: bool = False
    test: ast.expr | None = field(default=None, compare=False)
    wanted: bool = True


@dataclass(frozen=True, slots=True)
class Way:
    """How a block is come to: the words of the condition, and the expression with the value that leads there."""

    words: str = ""
    test: ast.expr | None = None
    wanted: bool = True


@dataclass(frozen=True)
class LinesRun:
    """What a run has shown of one file. `code` has the lines with code, `excluded` those that need not be reached."""

    source: str
    code: Set[int]
    run: Set[int]
    arcs: Set[Arc]
    excluded: Set[int] = frozenset()

    def untaken(self, function: FunctionNode) -> list[Untaken]:
        """What no run has reached of a function."""
        return list(self._of(function.body, Way(f"def {function.name}")))

    def was_called(self, line: int) -> bool:
        """The function whose code begins at this line: a jump into one comes from the negative of that."""
        return any(start == -line for start, _ in self.arcs)

    def _of(self, body: Sequence[ast.stmt], way: Way) -> Iterator[Untaken]:
        """Of the statements of one block, that is come to by this way."""
        missed: list[ast.stmt] = []
        for statement in body:
            if not self._has_code(statement):
                continue
            if self._was_run(statement):
                yield from self._missed(missed, way)
                missed, way = [], _after(statement)
                yield from self._within(statement, body)
            else:
                missed.append(statement)
        yield from self._missed(missed, way)

    def _missed(self, statements: list[ast.stmt], way: Way) -> Iterator[Untaken]:
        lines = [line for line in _lines(statements) if line in self.code]
        if not lines or raises(statements) or set(lines) <= self.excluded:
            return
        yield Untaken(statements[0].lineno, _end(statements), way.words, False, way.test, way.wanted)

    def _within(self, statement: ast.stmt, body: Sequence[ast.stmt]) -> Iterator[Untaken]:
        """Of the blocks of a statement that was run."""
        for block, way in self._blocks(statement):
            yield from self._of(block, way)
        if isinstance(statement, ast.If) and self._is_always(statement):
            behind = body[body.index(statement) + 1 :]
            if any(self._was_run(each) for each in behind) or not any(map(self._has_code, behind)):
                line, words = statement.lineno, self._said(self._word(statement), statement.test)
                yield Untaken(line, line, words, True, statement.test, False)

    def _is_always(self, statement: ast.If) -> bool:
        """Was the block run, and never passed over? Of one that ends in `return` what comes behind it says so."""
        if statement.orelse or raises(statement.body) or isinstance(statement.test, ast.Constant):
            return False
        if statement.lineno in self.excluded or not any(map(self._was_run, statement.body)):
            return False
        header = range(statement.lineno, _end([statement.test]) + 1)
        inside = range(statement.body[0].lineno, _end(statement.body) + 1)
        return not any(start in header and end not in header and end not in inside for start, end in self.arcs)

    def _blocks(self, statement: ast.stmt) -> Iterator[tuple[Sequence[ast.stmt], Way]]:
        match statement:
            case ast.If(test=test, body=body, orelse=orelse):
                if isinstance(test, ast.Constant):
                    return
                words = self._said(self._word(statement), test)
                yield body, Way(words, test, True)
                yield orelse, Way(f"else of {words}", test, False)
            case ast.While(test=test, body=body, orelse=orelse):
                yield body, Way(self._said("while", test), test, True)
                yield orelse, Way(f"else of {self._said('while', test)}", test, False)
            case ast.For(target=target, iter=values, body=body, orelse=orelse):
                words = f"{self._said('for', target)} {self._said('in', values)}"
                yield body, Way(words, values, True)
                yield orelse, Way(f"else of {words}")
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=finalbody):
                yield body, Way()
                for handler in handlers:
                    yield handler.body, Way(self._said("except", handler.type) if handler.type else "except")
                yield orelse, Way()
                yield finalbody, Way()
            case ast.With(body=body):
                yield body, Way()
            case ast.Match(subject=subject, cases=cases):
                for case in cases:
                    words = f"{self._said('match', subject)}: case {ast.unparse(case.pattern)}"
                    yield case.body, Way(words + (f" if {ast.unparse(case.guard)}" if case.guard else ""), case.guard)
            case ast.FunctionDef(name=name, body=body):
                yield body, Way(f"def {name}")

    def _word(self, statement: ast.stmt) -> str:
        return "elif" if (ast.get_source_segment(self.source, statement) or "").startswith("elif") else "if"

    def _said(self, word: str, node: ast.expr) -> str:
        text = " ".join((ast.get_source_segment(self.source, node) or ast.unparse(node)).split())
        return f"{word} {text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 3] + '...'}"

    def _has_code(self, statement: ast.stmt) -> bool:
        return any(line in self.code for line in _lines([statement]))

    def _was_run(self, statement: ast.stmt) -> bool:
        """By its own lines: of one with a block those before it."""
        body = getattr(statement, "body", None)
        if isinstance(statement, ast.Match):
            body = statement.cases[0].body
        if isinstance(statement, ast.Try):  # `try` has next to no code of its own
            return statement.lineno in self.run or self._was_run(statement.body[0])
        end = max(statement.lineno, body[0].lineno - 1) if body else _end([statement])
        return any(line in self.run for line in range(statement.lineno, end + 1))


def raises(statements: Sequence[ast.stmt]) -> bool:
    """Does a block end in an error, whatever comes before it?"""
    last = statements[-1] if statements else None
    if isinstance(last, ast.If) and last.orelse:
        return raises(last.body) and raises(last.orelse)
    if isinstance(last, ast.Assert):
        return isinstance(last.test, ast.Constant) and not last.test.value
    return isinstance(last, ast.Raise)


def functions_in(tree: ast.Module) -> Mapping[int, FunctionNode]:
    """The functions of a file, by the lines at which their code begins: with a decorator that is the decorator's."""
    found: dict[int, FunctionNode] = {}
    for node in ast.walk(tree):
        if isinstance(node, FunctionNode):
            found[min([node.lineno, *(each.lineno for each in node.decorator_list)])] = node
    return found


def _after(statement: ast.stmt) -> Way:
    """How what stands behind a statement is come to, where the statement may have left the block."""
    if isinstance(statement, ast.If) and not statement.orelse:
        return Way(f"unless {ast.unparse(statement.test)[:MOST_CHARACTERS]}", statement.test, False)
    return Way()


def _lines(statements: Sequence[ast.stmt]) -> range:
    return range(statements[0].lineno, _end(statements) + 1) if statements else range(0)


def _end(nodes: Sequence[ast.stmt] | Sequence[ast.expr]) -> int:
    return nodes[-1].end_lineno or nodes[-1].lineno
