"""NumPy's functions that make arrays from nothing, as they are where exact numbers run: their buffers are exact.

Each replacement first asks who calls it. Only a user's own code, within `running`, gets an exact buffer.
"""

import functools
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np

from backcheck_reference.frontends.judged import narrow, note_narrow
from backcheck_reference.frontends.numpy_code import smooth
from backcheck_reference.frontends.numpy_code.arrays import ExactArray
from backcheck_reference.frontends.numpy_code.hulls import HullArray
from backcheck_reference.frontends.numpy_code.random_modules import Names, random_modules
from backcheck_reference.frontends.numpy_code.scipy_functions import IN_NUMPY
from backcheck_reference.frontends.numpy_code.scipy_functions import REPLACED as OF_SCIPY
from backcheck_reference.frontends.numpy_code.shown_dtype import (
    HONEST,
    LIBRARIES,
    in_library,
    is_float,
    shown,
    wants_complex,
)
from backcheck_reference.frontends.numpy_code.tensor_buffers import of_tensors, on_tensors
from backcheck_reference.frontends.numpy_code.values import bare, exactly
from backcheck_reference.numbers.complex_balls import complexly, is_complex
from backcheck_reference.numbers.exact import holds_numbers


@dataclass(frozen=True, slots=True)
class ExactRun:
    """One block of `running`; its buffers are balls where it has a watch."""

    watch: Any


current: ContextVar[ExactRun | None] = ContextVar("exact buffers", default=None)


def dressed(array: np.ndarray, watch: Any) -> Any:
    """An object array in the class that ordinary code can run on."""
    if watch is None:
        return bare(array).view(ExactArray)
    made = bare(array).view(HullArray)
    made.watch = watch
    return made


def _active() -> ExactRun | None:
    """The run of the code that called a replacement, which has called this."""
    run = current.get()
    return None if run is None or in_library(2) else run


def _exact(made: Any, run: ExactRun, dtype: Any = None, with_imaginary: bool = False) -> Any:
    """An array just made as an exact one, if it holds floating-point numbers. `dtype` is what was asked for."""
    if made.dtype.kind in "fc":
        made = bare(made).astype(object)
    if made.dtype != object:
        return made
    less = narrow(dtype)
    kinds = set() if less is None else set(map(type, bare(made).ravel().tolist()))
    constant = kinds <= {int, float, complex, bool, types.NoneType}
    if less is not None and constant and types.NoneType not in kinds:  # a float64 may be none of this dtype's numbers
        made = bare(made).astype(dtype).astype(object)
    made = exactly(bare(made))
    if with_imaginary or wants_complex(dtype):
        made = complexly(made)
    if not (holds_numbers(made) or is_complex(made)):
        return made
    found = dressed(made, run.watch)
    found.narrow = less
    if not constant:
        note_narrow(less)
    return found


def _wanted(dtype: Any) -> Any:
    return HONEST if dtype is not None and is_float(dtype) else dtype


def _is_container(dtype: Any) -> bool:
    """Is this an array of objects asked for by name? It is to hold lists, or whatever, and not numbers."""
    return dtype is object or (isinstance(dtype, str) and dtype in ("O", "object"))


def _maker(at: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A function that makes a new array; its dtype may come by position `at`."""

    def replace(original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def make(*args: Any, **options: Any) -> Any:
            run = _active()
            dtype = args[at] if len(args) > at else options.get("dtype")
            if run is None or _is_container(dtype):
                return original(*args, **options)
            if len(args) > at:
                args = (*args[:at], _wanted(dtype), *args[at + 1 :])
            elif dtype is not None:
                options["dtype"] = _wanted(dtype)
            # `zeros_like` and its brothers take the kind of their argument
            complex_too = dtype is None and len(args) > 0 and is_complex(args[0])
            return _exact(original(*args, **options), run, dtype, complex_too)

        return make

    return replace


def _converter(copies: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """np.array (`copies`), and conversions such as np.asarray that return their argument where they can."""

    def replace(original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def convert(*args: Any, **options: Any) -> Any:
            run = _active()
            if run is None or not args:
                return original(*args, **options)
            value, dtype, rest = args[0], options.pop("dtype", args[1] if len(args) > 1 else None), args[2:]
            if _stays(value, dtype, copies):
                return original(value, dtype, *rest, **options)
            if isinstance(value, ExactArray) and narrow(dtype) is not None:
                return value.astype(dtype)
            if isinstance(value, ExactArray) and dtype is not None and not is_float(dtype):
                return original(value.astype(dtype), None, *rest, **options)
            made = _exact(original(value, _wanted(dtype), *rest, **options), run, dtype)
            return made.copy() if isinstance(made, ExactArray) and made.is_scalar else made

        return convert

    return replace


def _stays(value: Any, dtype: Any, copies: bool) -> bool:
    """Is this a container, or an ordinary array of floats that a conversion would return as it is?"""
    if isinstance(value, ExactArray) or _is_container(dtype):
        return not isinstance(value, ExactArray)
    is_floats = isinstance(value, np.ndarray) and value.dtype.kind in "fc"
    return not copies and is_floats and (dtype is None or np.dtype(dtype) == value.dtype)


def _finfo(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def finfo(*args: Any, **options: Any) -> Any:
        asked = args[0] if args else None
        is_exact = _active() is not None and (isinstance(asked, ExactArray) or asked in (object, HONEST))
        return original(shown(False)) if is_exact else original(*args, **options)

    return finfo


def _isscalar(original: Callable[..., bool]) -> Callable[..., bool]:
    @functools.wraps(original)
    def isscalar(element: Any) -> bool:
        return original(element) or (isinstance(element, ExactArray) and element.is_scalar)

    return isscalar


def _nditer(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def nditer(*args: Any, **options: Any) -> Any:
        if _active() is None or not args:
            return original(*args, **options)
        smooth.bend()  # what is done with its elements is not seen
        flags = options.pop("flags", args[1] if len(args) > 1 else None)
        return original(args[0], [*(flags or ()), "refs_ok"], *args[2:], **options)

    return nditer


def _strided(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def as_strided(x: Any, *args: Any, **options: Any) -> Any:
        made = original(bare(x), *args, **options)
        return x.dressed(made) if isinstance(x, ExactArray) else made

    return as_strided


def _vectorized(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def call(self: Any, *args: Any, **options: Any) -> Any:
        if options or self.signature is not None or not any(isinstance(each, ExactArray) for each in args):
            return original(self, *args, **options)
        smooth.bend()  # the function gets bare numbers, and what it does with them is not seen
        return np.frompyfunc(self.pyfunc, len(args), 1)(*args)

    return call


def _on_exact(own: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A function of SciPy that NumPy does not let arrays replace."""

    def replace(original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def either(*args: Any, **options: Any) -> Any:
            given = next((each for each in _flat(args) if isinstance(each, ExactArray)), None)
            return original(*args, **options) if given is None else given.given(own(*args, **options))

        return either

    return replace


def _flat(args: Iterable[Any]) -> Iterator[Any]:
    """Arguments, and those in a tuple among them: the factors of a matrix come so."""
    for each in args:
        yield from each if type(each) is tuple else (each,)


FROM_NOTHING = frozenset({"zeros", "empty", "ones", "full", "eye", "identity"})
_REPLACED: tuple[tuple[Any, str, Callable[[Any], Any]], ...] = (
    (np, "zeros", _maker(1)),
    (np, "empty", _maker(1)),
    (np, "ones", _maker(1)),
    (np, "full", _maker(2)),
    (np, "eye", _maker(3)),
    (np, "identity", _maker(1)),
    (np, "zeros_like", _maker(1)),
    (np, "empty_like", _maker(1)),
    (np, "ones_like", _maker(1)),
    (np, "full_like", _maker(2)),
    (np, "fromiter", _maker(1)),
    (np, "array", _converter(copies=True)),
    (np, "asarray", _converter(copies=False)),
    (np, "asanyarray", _converter(copies=False)),
    (np, "ascontiguousarray", _converter(copies=False)),
    (np, "finfo", _finfo),
    (np, "isscalar", _isscalar),
    (np, "nditer", _nditer),
    (np.lib.stride_tricks, "as_strided", _strided),
)


@functools.cache
def places() -> tuple[tuple[Names, Names, Names], ...]:
    """For each module its names, and what the replaced ones are outside of `running` and inside.

    Asked for before the first replacement, when every name is still NumPy's.
    """
    modules = random_modules()
    untouched = types.SimpleNamespace(**vars(np))
    found = []
    for owner in (np, np.lib.stride_tricks):
        ours = {name: make for module, name, make in _REPLACED if module is owner}
        before = {name: getattr(owner, name) for name in ours}
        after = {name: make(on_tensors(name, before[name])) for name, make in ours.items()}
        found.append((vars(owner), before, after))
    for names, own in modules.values():
        found.append((names, dict.fromkeys(own, np), dict.fromkeys(own, untouched)))
    return tuple(found)


def of_scipy() -> tuple[tuple[Names, Names, Names], ...]:
    """The same for SciPy's functions: in the modules of SciPy that are imported, and where a user's module holds one
    itself, as by `from scipy.linalg import expm`.

    Asked for while SciPy's names are its own.
    """
    main = getattr(sys.modules.get("__main__"), "__dict__", {})
    # a look at all names takes 7 ms, and a check runs code on exact numbers some thirty times
    return _of_scipy(len(sys.modules), len(main), id(sys.modules.get("autograd.numpy")))


@functools.lru_cache(maxsize=1)
def _of_scipy(modules: int, names_of_main: int, autograd: int) -> tuple[tuple[Names, Names, Names], ...]:
    loaded = {name: getattr(module, "__dict__", {}) for name, module in list(sys.modules.items())}
    ours: dict[int, Any] = {}
    found: list[tuple[Names, Names, Names]] = []
    for module, functions in OF_SCIPY.items():
        # some came late to SciPy
        before = {name: loaded[module][name] for name in functions if name in loaded.get(module, {})}
        after = {name: _replacement(module, name, original) for name, original in before.items()}
        ours |= {id(original): after[name] for name, original in before.items()}
        if before:
            found.append((loaded[module], before, after))
    # autograd's NumPy has functions of its own around NumPy's; those that make arrays from nothing need none
    wrapped = loaded.get("autograd.numpy", {})
    makers = {name: new for name, new in places()[0][2].items() if name in wrapped and name in FROM_NOTHING}
    if makers:
        found.append((wrapped, {name: wrapped[name] for name in makers}, makers))
    for module, names in loaded.items():
        package = module.partition(".")[0]
        if package in LIBRARIES or (package in sys.stdlib_module_names and package != "__main__"):
            continue
        held = {name: value for name, value in list(names.items()) if id(value) in ours}
        if held and not any(names is seen for seen, _, _ in found):
            found.append((names, held, {name: ours[id(value)] for name, value in held.items()}))
    return tuple(found)


@functools.cache
def _replacement(module: str, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    own = OF_SCIPY[module][name]
    return _on_exact(own)(of_tensors(own, original) if own in IN_NUMPY else original)


VECTORIZED = np.vectorize.__call__, _vectorized(np.vectorize.__call__)
