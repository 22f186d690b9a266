"""How much of the code that is judged was run by the cases that judge it, and what was not.

The functions are those that forward and backward lead to by name, and those of the same package that were run within
them. What is counted are the calls at the drawn values: all calls of the first draws, and the first ones of each draw
after those. Calls at moved values and on exact numbers take the same way through the code, and to trace them costs.
"""

import ast
import functools
import linecache
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backcheck.subjects.lines.blocks import Arc, LinesRun, Untaken, functions_in
from backcheck.subjects.lines.never_run import CodeReached, NeverRun
from backcheck.subjects.lines.own_functions import codes_in, files_of, own_functions
from backcheck.subjects.lines.tracer import CannotTrace, LineTracer, excluded

WHOLE_DRAWS = 20  # of which every call is counted
CALLS_A_DRAW = 4  # that are counted of each function in the draws after those
LOOKS = (1, 4, WHOLE_DRAWS)  # after so many draws, and then each time after so many: is anything left to be found?
EVERY = 50
JUDGED = "judged"  # the label of what was run for a verdict
MAKING = ("__init__", "__new__", "__post_init__")  # makes the object, and computes no gradient
NO_FILE = "the source of {} lies in no file"


@dataclass(frozen=True, slots=True)
class Missed:
    """What is left, with the function that it is in: for whoever looks for cases that reach it."""

    never: NeverRun
    untaken: Untaken
    function: types.FunctionType | None


@dataclass
class _File:
    """The source of one file, its functions by their first lines, and the lines that have code."""

    source: str
    functions: dict[int, Any]
    code: frozenset[int]
    excluded: frozenset[int]


@dataclass
class LineCoverage:
    """The count of one subject's lines. `functions` are those that forward and backward lead to.

    With `stops` it ends as soon as all was reached; processes that share the cases cannot know.
    """

    functions: tuple[types.FunctionType, ...] = ()
    reason: str = ""
    draws: int = 0
    stops: bool = True
    _tracer: LineTracer | None = None
    _label: str = ""  # what the lines that run now are counted for; nothing where they are not
    _probes: int = 0
    _calls: dict[str, int] = field(default_factory=dict)
    _files: dict[str, _File | None] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)

    @classmethod
    @contextmanager
    def of(cls, entries: Iterable[Any], wanted: bool = True, stops: bool = True) -> Iterator["LineCoverage"]:
        """Count within the block. `entries` are forward and backward, as they were handed in."""
        found = cls(own_functions(list(entries)) if wanted else (), stops=stops)
        found._begin()
        with found._stack:
            yield found

    def _begin(self) -> None:
        files = [function.__code__.co_filename for function in self.functions]
        nowhere = [f for f in self.functions if f.__code__.co_filename.startswith("<")]
        if not files:
            return
        if len(nowhere) == len(files):
            self.reason = NO_FILE.format(nowhere[0].__name__)
            return
        try:
            self._tracer = self._stack.enter_context(LineTracer(files_of(self.functions)))
        except CannotTrace as why:
            self.reason = str(why)

    @property
    def counts(self) -> bool:
        """Is anything left to be counted?"""
        return self._tracer is not None

    @contextmanager
    def draw(self) -> Iterator[None]:
        """Around one case that is judged: what runs within is reached."""
        if self.stops and (self.draws in LOOKS or (self.draws and self.draws % EVERY == 0)):
            self._finish_if_done()
        self.draws += 1
        with self._counting(JUDGED):
            yield

    @contextmanager
    def _counting(self, label: str) -> Iterator[None]:
        self._calls.clear()
        self._label = label
        try:
            yield
        finally:
            self._label = ""

    def _finish_if_done(self) -> None:
        """Where nothing is left to be found, the rest costs nothing."""
        if self._tracer is not None and not self.missed():
            self._tracer = None
            self._stack.close()

    def arcs(self) -> dict[str, set[Arc]]:
        """What was run so far."""
        return self._tracer.arcs(JUDGED) if self._tracer is not None else {}

    @contextmanager
    def probe(self, before: Mapping[str, Set[Arc]]) -> Iterator[Callable[[], bool]]:
        """Around calls that judge nothing. What comes is asked whether they reached what was not run `before`."""
        self._probes += 1
        tracer, label = self._tracer, f"probe {self._probes}"
        if tracer is None or not tracer.keeps_apart:  # nothing can be told: the case is judged
            yield lambda: tracer is not None
            return
        with self._counting(label):
            yield lambda: any(arcs - before.get(file, set()) for file, arcs in tracer.arcs(label).items())

    def watched(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, whose lines are counted when it is called."""
        if self._tracer is None:
            return function

        @functools.wraps(function)
        def call(*arguments: Any, **options: Any) -> Any:
            tracer, label = self._tracer, self._label
            if tracer is None or not label or not self._is_counted(name):
                return function(*arguments, **options)
            with tracer.window(label):
                return function(*arguments, **options)

        return call

    def _is_counted(self, name: str) -> bool:
        self._calls[name] = self._calls.get(name, 0) + 1
        return self.draws <= WHOLE_DRAWS or self._calls[name] <= CALLS_A_DRAW

    def result(self, arcs: Mapping[str, set[Arc]] | None = None) -> CodeReached:
        """What is said of what was run here, or of these jumps."""
        return CodeReached(tuple(each.never for each in self.missed(arcs)), self.reason)

    def missed(self, arcs: Mapping[str, set[Arc]] | None = None) -> list[Missed]:
        """What no case has reached so far."""
        if arcs is None:
            if self._tracer is None:
                return []
            arcs = self._tracer.arcs(JUDGED)
        named = {_place_of(each.__code__): each for each in self.functions}
        files = dict.fromkeys([*(file for file, _ in named), *arcs])
        found = [each for file in files for each in self._missed_in(file, arcs.get(file, set()), named)]
        return _outermost(found)

    def _missed_in(self, file: str, arcs: set[Arc], named: dict[tuple[str, int], types.FunctionType]) -> list[Missed]:
        known = self._known(file)
        if known is None:
            return []
        run = {line for arc in arcs for line in arc if line > 0}
        lines, found = LinesRun(known.source, known.code, run, arcs, known.excluded), []
        for line, node in known.functions.items():
            if (file, line) in named or (lines.was_called(line) and node.name not in MAKING):
                for each in lines.untaken(node):
                    never = NeverRun(_shown(file), node.name, each.first, each.last, each.condition, each.always)
                    found.append(Missed(never, each, named.get((file, line))))
        return found

    def _known(self, file: str) -> _File | None:
        if file not in self._files:
            self._files[file] = self._read(file)
        return self._files[file]

    def _read(self, file: str) -> _File | None:
        source = "".join(linecache.getlines(file))
        try:
            tree, code = ast.parse(source), compile(source, file, "exec")
        except SyntaxError:  # what was imported is another text by now
            return None
        lines = frozenset(line for each in codes_in(code) for _, _, line in each.co_lines() if line)
        return _File(source, dict(functions_in(tree)), lines, excluded(file))


def _place_of(code: types.CodeType) -> tuple[str, int]:
    return code.co_filename, code.co_firstlineno


def _outermost(found: list[Missed]) -> list[Missed]:
    """Each part once: a function within a function is met with both."""
    places: dict[tuple[str, int, bool], Missed] = {}
    for each in found:
        places.setdefault((each.never.file, each.never.first, each.never.always), each)
    return list(places.values())


def _shown(file: str) -> str:
    """The file as a reader knows it: from the current folder, or by its name."""
    path = Path(file)
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except (ValueError, OSError):
        return path.name
