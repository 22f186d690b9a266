"""The numbers that stand in somebody's code, and numbers near them: there a guard `abs(x) > 30` changes its side.

They are read from the code objects, which every Python function has, also where its source is gone: its constants,
those of the functions inside of it, its defaults and closure, the global numbers that it names, and the same of the
helpers in its own package. What is compiled (C++, Triton) shows none.
"""

import dis
import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import pairwise
from math import frexp, isfinite, ldexp, log, sqrt
from types import CodeType, ModuleType
from typing import Any, NamedTuple

import numpy as np

from backcheck.float_format import FORMATS

MOST_LITERALS, MOST_CODES = 24, 200
MOST = 2.0**1023  # a larger whole number is no float
USUAL = {0, 1, -1, 2, -2, 3, -3}  # whole numbers that are drawn anyhow, and mostly name an axis
BESIDE = 2.0**-6  # how far beyond a number and how far before it, as a part of it
OF_DTYPES = {"finfo", "itemsize", "float16", "bfloat16", "float32"}
WRAPPERS = {"backcheck", "backcheck_reference", "functools", "jaxtyping", "beartype"}  # what they hold is read, no more
LIBRARIES = {"builtins", "numpy", "torch", "jax", "jaxlib", "scipy", "numba", "triton", "ml_dtypes", "flint", "typing"}
PARTS = ("fun", "fwd", "bwd", "f", "jvp", "py_func", "func", "forward", "backward", "setup_context", "__call__")


class Literals(NamedTuple):
    """The numbers of some code. `by_dtype`: does it ask for a dtype? Then limits of that may be its numbers too."""

    numbers: tuple[float, ...] = ()
    by_dtype: bool = False


NO_LITERALS = Literals()


def literals_of(*codes: Any) -> Literals:
    """The numbers in functions, classes, objects and what they are made of: fractions first, in order of appearance."""
    found = _Found()
    for code in codes:
        found.read(code)
    numbers = sorted(dict.fromkeys(found.numbers), key=lambda number: number == int(number))
    return Literals(tuple(numbers[:MOST_LITERALS]), found.by_dtype)


@functools.lru_cache(maxsize=4096)
def literals_of_rule(forward: Callable[..., Any], backward: Callable[..., Any]) -> Literals:
    """The same for a rule, which is asked for in every case."""
    return literals_of(forward, backward)


@functools.lru_cache(maxsize=4096)
def near(numbers: tuple[float, ...], dtype: str) -> tuple[float, ...]:
    """The numbers themselves, the next ones of the dtype, some beyond and before, with either sign; between every two
    of them; and, half as often, where a square, an exponential or a sigmoid is such a number."""
    size = [abs(number) for number in numbers]
    roots = [sqrt(each) for each in size] + [log(each) for each in size if each > 0]
    roots += [log(each / (1 - each)) for each in size if 0 < each < 1]
    ordered = sorted(set(size))
    between = [(low + high) / 2 for low, high in pairwise(ordered)]
    found = [*size, *(n for each in size for n in _beside(each, dtype)), *between] * 2
    found += [n * (1 + part) for n in roots for part in (0, BESIDE, -BESIDE)]
    most = 2.0 ** FORMATS[dtype].greatest
    both = [number for each in found for number in (each, -each)]
    return tuple(number for number in both if isfinite(number) and abs(number) < most)


def _beside(number: float, dtype: str) -> Iterator[float]:
    ulp = ldexp(1.0, max(frexp(number)[1] - 1, FORMATS[dtype].least) - FORMATS[dtype].bits)
    rounded, part = round(number / ulp) * ulp, BESIDE * (abs(number) or 1)
    for step in (ulp, -ulp, part, -part):
        yield rounded + step


@functools.lru_cache
def limits_of(dtype: str) -> tuple[float, ...]:
    """Where an exponential leaves the dtype, and what is added under a root in it."""
    form = FORMATS[dtype]
    eps, tiny, most = 2.0**-form.bits, 2.0**form.least, 2.0**form.greatest
    return eps, sqrt(eps), tiny, sqrt(tiny), sqrt(most), log(most), -log(tiny), -log(eps)


def _home(code: Any) -> str:
    return (getattr(code, "__module__", None) or type(code).__module__ or "").partition(".")[0]


class _Found:
    """What a walk over code has found. Other packages than that of the code and of what it holds are not entered."""

    def __init__(self) -> None:
        self.numbers: list[float] = []
        self.by_dtype = False
        self._met: set[int] = set()

    def read(self, thing: Any) -> None:
        """Note the numbers of anything that a piece of code may be, or may hold."""
        if isinstance(thing, bool) or thing is None or isinstance(thing, str | bytes):
            return
        if isinstance(thing, int | float | np.integer | np.floating):
            number = float(thing) if -MOST < thing < MOST else float("inf")
            if isfinite(number) and not (isinstance(thing, int | np.integer) and number in USUAL):
                self.numbers.append(number)
        elif isinstance(thing, tuple | list | frozenset) and len(thing) <= MOST_LITERALS:
            for each in thing:
                self.read(each)
        elif id(thing) not in self._met and len(self._met) < MOST_CODES:
            self._met.add(id(thing))
            if isinstance(thing, CodeType) or _home(thing) not in LIBRARIES:
                self._read_code(thing)

    def _read_code(self, thing: Any) -> None:
        if isinstance(thing, CodeType):
            self._read_constants(thing)
        elif isinstance(thing, functools.partial):
            self._read_each((thing.func, *thing.args, *thing.keywords.values()))
        elif inspect.ismethod(thing) or isinstance(thing, staticmethod | classmethod):
            self.read(thing.__func__)
        elif inspect.isfunction(thing):
            self._read_function(thing)
        elif inspect.isclass(thing):
            self._read_each((*vars(thing).values(), *thing.__mro__[1:]))
        elif not inspect.isbuiltin(thing):
            held = getattr(thing, "__dict__", {})
            self._read_each((type(thing), getattr(thing, "__wrapped__", None), *(held.get(part) for part in PARTS)))

    def _read_each(self, things: Iterable[Any]) -> None:
        for each in things:
            self.read(each)

    def _read_function(self, function: Any) -> None:
        self.read(getattr(function, "__wrapped__", None))
        for cell in function.__closure__ or ():
            with suppress(ValueError):  # a cell that is not filled yet
                self.read(cell.cell_contents)
        home = _home(function)
        if home in WRAPPERS:
            return
        self.read(function.__code__)
        self._read_each((*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()))
        named = [name for code in _nested(function.__code__) for name in code.co_names]
        for value in map(function.__globals__.get, named):
            if not isinstance(value, ModuleType):
                self._read_named(value, home)
            elif value.__name__.partition(".")[0] == home:  # helpers and numbers that are named from it
                for each in named:
                    self._read_named(vars(value).get(each), home)

    def _read_named(self, value: Any, home: str) -> None:
        if isinstance(value, int | float | tuple | np.generic) or (callable(value) and _home(value) == home):
            self.read(value)

    def _read_constants(self, code: CodeType) -> None:
        self.by_dtype = self.by_dtype or bool(OF_DTYPES & set(code.co_names))
        self._read_each(code.co_consts)
        for step in dis.get_instructions(code):  # small numbers are part of the instruction from Python 3.14 on
            if step.opname == "LOAD_SMALL_INT":
                self.read(step.argval)


def _nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _nested(each)
