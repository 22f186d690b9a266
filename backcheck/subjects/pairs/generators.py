"""The generators of random numbers that somebody's code may draw from, and their states.

A function of random numbers is judged for the very numbers that it drew: every call of its forward starts from the same
states, and its backward from those that forward left behind, as in life. These are NumPy's, Python's and PyTorch's
global generators, and those that the code refers to: in closures, globals, defaults, classes and attributes.
"""

import functools
import random
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NamedTuple, TypeVar

import numpy as np

from backcheck import numpy_generator
from backcheck.errors import BadInput

SEED = 0  # at which the global generators start
MOST = 5_000  # objects that are looked at for generators: code may refer to a whole data set
# what does not refer to a user's generator
OTHERS = frozenset({"numpy", "scipy", "torch", "jax", "jaxlib", "backcheck", "backcheck_reference", "scratch_bp"})

CODE = (type, types.FunctionType, types.MethodType)

NOTHING_DRAWN = nullcontext()  # nearly always: one context serves all calls
State = Any
Found = TypeVar("Found")
Mark = tuple[State, ...]  # the states of some generators at one moment


class Generator(NamedTuple):
    """One generator: how its state is read and set, how numbers are drawn in vain, and the state that it starts at."""

    name: str
    read: Callable[[], State]
    write: Callable[[State], None]
    skip: Callable[[int], Any]
    start: State


class Generators:
    """Some generators together. `skipped` numbers are drawn from each before backward, to see another answer.

    With `in_saved` those that forward keeps for its backward are set back after it as well.
    """

    def __init__(self, each: tuple[Generator, ...] = (), *, skipped: int = 0, in_saved: bool = False) -> None:
        self.each, self.skipped, self.in_saved = each, skipped, in_saved

    def __bool__(self) -> bool:
        return bool(self.each) or self.in_saved

    @property
    def names(self) -> str:
        return " and ".join(each.name for each in self.each)

    @property
    def start(self) -> Mark:
        return tuple(each.start for each in self.each)

    def read(self) -> Mark:
        """The states now."""
        return tuple(each.read() for each in self.each)

    def at(self, mark: Mark) -> AbstractContextManager[None]:
        """Within the block the generators start from these states; afterwards they go on as if never used."""
        return self._at(mark) if self.each else NOTHING_DRAWN

    @contextmanager
    def _at(self, mark: Mark) -> Iterator[None]:
        before = self.read()
        self._write(mark)
        try:
            yield
        finally:
            self._write(before)

    def _write(self, mark: Mark) -> None:
        for each, state in zip(self.each, mark, strict=True):
            each.write(state)

    def at_backward(self, mark: Mark, saved: Any) -> AbstractContextManager[None]:
        """The same for a call of backward: from the states that forward left, with `skipped` numbers drawn."""
        return self._at_backward(mark, saved) if self else NOTHING_DRAWN

    @contextmanager
    def _at_backward(self, mark: Mark, saved: Any) -> Iterator[None]:
        kept = generators_in(saved) if self.in_saved else NO_GENERATORS
        with self.at(mark), kept.at(kept.read()):
            for each in (*self.each, *kept.each) if self.skipped else ():
                each.skip(self.skipped)
            yield

    def as_needed(self, call: Callable[["Generators"], Found]) -> Found:
        """What `call` returns when it is given the generators that it may draw from.

        Nearly all code draws nothing, and to set states takes longer than a small check. So it is called without any
        first, and only where a state is another afterwards once more with all of them.
        """
        before = self.read()
        try:
            found = call(NO_GENERATORS)
        except BadInput:
            if not self.drawn_since(before):
                raise
        else:
            if not self.drawn_since(before):
                return found
        self._write(before)
        return call(self)

    def drawn_since(self, mark: Mark) -> "Generators":
        """Those of the generators whose state is another now."""
        pairs = zip(self.each, mark, strict=True)
        return Generators(tuple(each for each, state in pairs if not _same(each.read(), state)))

    def skipping(self, count: int) -> "Generators":
        """The same generators with so many numbers drawn in vain before backward."""
        return Generators(self.each, skipped=count, in_saved=self.in_saved)


NO_GENERATORS = Generators()


def generators_of(*code: Any) -> Generators:
    """The global generators, and those that the code refers to."""
    return Generators((*_global(), *_within(*code)))


def generators_in(saved: Any) -> Generators:
    """Those that a forward keeps for its backward, in values and not in code."""
    return Generators(tuple(_within(saved, code=False)))


def _global() -> Iterator[Generator]:
    state = numpy_generator.get_state, numpy_generator.set_state
    skip = _skip(np.random.random_sample, np.random.standard_normal)
    yield Generator("NumPy's global generator", *state, skip, _numpy_start(numpy_generator.bit_generator()))
    skip = _skip(random.random, functools.partial(random.gauss, 0, 1))
    yield Generator("Python's random", random.getstate, random.setstate, skip, _start("python"))
    torch = sys.modules.get("torch")
    if torch is not None:  # who has not imported it draws nothing from it
        get, put = torch.random.get_rng_state, torch.random.set_rng_state
        yield Generator("PyTorch's global generator", get, put, torch.rand, _start("torch"))


@functools.lru_cache(maxsize=2)
def _numpy_start(bits: Any) -> State:
    return numpy_generator.start(SEED)


@functools.cache
def _start(which: str) -> State:
    if which == "python":
        return random.Random(SEED).getstate()
    return sys.modules["torch"].Generator().manual_seed(SEED).get_state()


def _skip(draw: Callable[[], Any], normal: Callable[[], Any]) -> Callable[[int], Any]:
    """Draws so many numbers in vain. Normal ones come in pairs, of which the second waits for its turn."""
    return lambda count: ([draw() for _ in range(count)], normal())


def _within(*given: Any, code: bool = True) -> Iterator[Generator]:
    """The generators among all that is referred to, each once; without `code` not by functions and classes."""
    waiting, seen = list(given), set[int]()
    kept = []  # as long as something is kept, no other object has its id
    while waiting and len(seen) < MOST:
        value = waiting.pop()
        if id(value) in seen or (not code and isinstance(value, CODE)):
            continue
        seen.add(id(value))
        kept.append(value)
        found = _generator(value)
        if found is not None:
            yield found
        else:
            waiting += _referred(value)


def _generator(value: Any) -> Generator | None:
    """The value as a generator, if it is one."""
    name = f"a {type(value).__name__} that it holds"
    if isinstance(value, np.random.Generator):
        bits = value.bit_generator
        read, write = _attribute(bits)
        return Generator(name, read, write, value.random, read())
    if isinstance(value, np.random.RandomState):
        skip = _skip(value.random_sample, value.standard_normal)
        return Generator(name, value.get_state, value.set_state, skip, value.get_state())
    if isinstance(value, random.Random):
        skip = _skip(value.random, functools.partial(value.gauss, 0, 1))
        return Generator(name, value.getstate, value.setstate, skip, value.getstate())
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Generator) and value is not torch.default_generator:
        skip = functools.partial(torch.rand, generator=value)
        return Generator(name, value.get_state, value.set_state, skip, value.get_state())
    return None


def _attribute(bits: Any) -> tuple[Callable[[], State], Callable[[State], None]]:
    return lambda: bits.state, lambda state: setattr(bits, "state", state)


def _referred(value: Any) -> list[Any]:
    """What a value refers to, as far as a generator may be there."""
    if isinstance(value, types.FunctionType):
        return _of_function(value)
    if isinstance(value, types.MethodType):
        return [value.__func__, value.__self__]
    if isinstance(value, functools.partial):
        return [value.func, *value.args, *value.keywords.values()]
    if isinstance(value, staticmethod | classmethod):
        return [value.__func__]
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    if isinstance(value, type):
        return [] if _is_others(value) else [*vars(value).values(), *value.__bases__]
    if isinstance(value, np.ndarray | np.generic | types.ModuleType | str | bytes | int | float | None):
        return []
    if _is_others(type(value)) and not _is_walked(type(value)):
        return []
    slots = [name for kind in type(value).__mro__ for name in _slots(kind)]
    held = [getattr(value, name) for name in slots if hasattr(value, name)]
    return [*getattr(value, "__dict__", {}).values(), *held, type(value)]


def _is_walked(kind: type) -> bool:
    """Our own holders of somebody's code, and PyTorch's modules, which hold others."""
    return kind.__module__.partition(".")[0] in ("backcheck", "backcheck_reference") or hasattr(kind, "named_modules")


def _slots(kind: type) -> list[str]:
    named = vars(kind).get("__slots__", ())
    return [name for name in ([named] if isinstance(named, str) else named) if name not in ("__dict__", "__weakref__")]


def _of_function(function: types.FunctionType) -> list[Any]:
    cells = [_content(cell) for cell in function.__closure__ or ()]
    defaults = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    found = [*cells, *defaults, *vars(function).values()]
    if not _is_others(function):
        names = set(_names(function.__code__))
        for value in (function.__globals__[name] for name in names if name in function.__globals__):
            ours = isinstance(value, types.ModuleType) and not _is_known(value.__name__)
            # `helpers.rng`: of another module only what the code names
            found += [getattr(value, name) for name in names if hasattr(value, name)] if ours else [value]
    return found


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not bound yet
        return None


def _names(code: types.CodeType) -> Iterator[str]:
    """The global names and attributes that a function's code, and the functions in it, speak of."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _is_others(value: Any) -> bool:
    return _is_known(getattr(value, "__module__", None) or "")


def _is_known(module: str) -> bool:
    package = module.partition(".")[0]
    return package in OTHERS or package in sys.stdlib_module_names


def _same(one: State, other: State) -> bool:
    if isinstance(one, numpy_generator.GlobalState):
        return numpy_generator.same(one, other)
    if isinstance(one, Mapping):
        return all(_same(one[key], other[key]) for key in one)
    if isinstance(one, tuple) and isinstance(one[0], str):  # NumPy's legacy ones: a name, an array, a few numbers
        return all(map(_same, one, other))
    return bool(np.array_equal(one, other)) if hasattr(one, "shape") else bool(one == other)
