"""Arrays of exact numbers that ordinary NumPy code can run on: `ExactArray` for numbers, `HullArray` for balls.

Each is an array of `flint.arb` objects that behaves as one of float64 does: it has every elementwise function, `out`,
`where`, `dtype=float` and `astype`. Results without axes stay arrays, and such a result cannot be written to, so that
`s += x` makes a new one, as it does for NumPy's scalars. To NumPy and to this project its dtype is object, to a user's
code float64. On a HullArray a comparison of balls that overlap is the ball [0, 1]; `np.where` and an assignment
`x[mask] = v` with it take the union of both sides, and code that has to choose one raises `balls.Undecidable`.
"""

from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, ClassVar

import numpy as np

from backcheck_reference.frontends.judged import narrow, note_narrow
from backcheck_reference.frontends.numpy_code import smooth
from backcheck_reference.frontends.numpy_code.elements import Flat, at_indices, boxed, integers, masked, written
from backcheck_reference.frontends.numpy_code.functions import CONTRACTIONS, OWN_FUNCTIONS
from backcheck_reference.frontends.numpy_code.linalg import LINALG
from backcheck_reference.frontends.numpy_code.shown_dtype import HONEST, in_library, is_float, shown, without_float
from backcheck_reference.frontends.numpy_code.ufuncs import OWN_UFUNCS
from backcheck_reference.frontends.numpy_code.values import (
    bare,
    decided,
    exactly,
    fitted,
    lifted,
    truth,
    write,
)
from backcheck_reference.lazy import Unavailable, flint
from backcheck_reference.numbers import balls, exact, limits
from backcheck_reference.numbers.complex_balls import IMAG, REAL, complexly, is_complex
from backcheck_reference.numbers.scalar_functions import (
    EXACT,
    ISNAN,
    OF_NUMPY,
    OPERATIONS,
    SEVERAL,
    direct,
    number,
    reduced,
)

# Called for each number that `float()` takes out of exact arithmetic; `leak` looks for them.
floated: ContextVar[Callable[[], None] | None] = ContextVar("floated", default=None)
ABOUT_FLOATS = ("dtype", "casting", "subok", "order")  # options of ufuncs that mean nothing here


def _in_place(ufunc: np.ufunc) -> Callable[..., Any]:
    def operate(self: "ExactArray", other: Any) -> Any:
        return ufunc(self, other) if self.is_scalar else ufunc(self, other, out=(self,))

    return operate


def _bending(name: str) -> Any:
    """A method of arrays that may have a kink or a jump. NumPy does not hand it to `__array_function__`."""

    def method(self: "ExactArray", *args: Any, **options: Any) -> Any:
        smooth.bend()
        return getattr(super(ExactArray, self), name)(*args, **options)

    return method


class ExactArray(np.ndarray):
    """Exact numbers, each a ball of a width far below any float's."""

    argmax, argmin, choose, searchsorted = map(_bending, ("argmax", "argmin", "choose", "searchsorted"))
    partition, argpartition = map(_bending, ("partition", "argpartition"))
    view = _bending("view")  # what is done with the bare numbers is not seen
    narrow: np.dtype | None  # what a buffer of a narrower dtype rounds to

    def __array_finalize__(self, parent: Any) -> None:
        super().__array_finalize__(parent)
        self.narrow = getattr(parent, "narrow", None)

    def __new__(cls, value: Any = 0) -> Any:
        """One number. Code writes `type(x[0])(1)` to have a 1 in the dtype of `x`."""
        one = np.full((), number(value), dtype=HONEST).view(ExactArray)
        one.flags.writeable = False
        return one

    @property
    def dtype(self) -> Any:
        if in_library(1):
            return HONEST
        return shown(is_complex(self))

    @property
    def real(self) -> Any:
        return self.given(REAL(bare(self))) if is_complex(self) else self

    @real.setter
    def real(self, value: Any) -> None:
        write(self, value + 1j * self.imag if is_complex(self) else value)

    @property
    def imag(self) -> Any:
        return self.given(IMAG(bare(self)))

    @imag.setter
    def imag(self, value: Any) -> None:
        write(self, self.real + 1j * value)

    @property
    def flat(self) -> Any:
        return bare(self).flat if in_library(1) else Flat(self)

    @property
    def base(self) -> Any:
        smooth.bend()  # the bare numbers, as by `view`
        return np.ndarray.base.__get__(self)

    @property
    def is_scalar(self) -> bool:
        return self.ndim == 0 and not self.flags.writeable

    def dressed(self, array: np.ndarray) -> Any:
        """A plain array of exact numbers in this array's class."""
        return array.view(type(self))

    def given(self, result: Any, exactly_so: bool = False) -> Any:
        """A result in the class that the code expects; `exactly_so` where it is sure to hold exact numbers alone."""
        if isinstance(result, np.ndarray):
            if np.ndarray.dtype.__get__(result) != HONEST:
                return bare(result)
            return self.dressed(bare(result) if exactly_so else exactly(bare(result)))
        if type(result) in (flint.arb, flint.acb):
            box = np.empty((), dtype=HONEST)
            box[()] = result
            scalar = self.dressed(box)
            scalar.flags.writeable = False
            return scalar
        if isinstance(result, tuple) and hasattr(result, "_fields"):  # of np.linalg
            return type(result)(*map(self.given, result))
        return type(result)(map(self.given, result)) if type(result) in (list, tuple) else result

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, where: Any = True, **options: Any
    ) -> Any:
        limits.spend()
        if "dtype" in options:
            note_narrow(narrow(options["dtype"]))
        options = {name: value for name, value in options.items() if name not in ABOUT_FLOATS}
        if smooth.may_bend(ufunc, inputs):
            smooth.bend()
        if where is not True and method == "reduce":
            inputs = (masked(ufunc, inputs[0], where, options.get("initial")),)
        own = OWN_UFUNCS.get((ufunc, method))
        result = own(*inputs, **options) if own is not None else self._apply(ufunc, method, inputs, options)
        if where is not True and method == "__call__":
            result = np.where(where, self.given(result), 0 if out is None else out[0])
        result = self.given(result, ufunc in EXACT and method == "__call__" and where is True)
        if out is not None and out[0] is not Ellipsis:
            return written(out[0], result)
        if type(result) is type(self) and result.ndim == 0:
            result.flags.writeable = False
        return result

    def _apply(self, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        loop = OF_NUMPY.get(ufunc)
        if ufunc in SEVERAL:
            return tuple(self._run(ufunc, part, method, inputs, options) for part in SEVERAL[ufunc])
        if method == "at":
            return at_indices(loop or ufunc, *inputs)
        if loop is not None and method == "reduce":
            return self._rounded(ufunc, reduced(loop, bare(inputs[0]), **options))
        if loop is None and ufunc.ntypes == 1:
            with suppress(AttributeError):  # of a function that was written for bare elements
                return getattr(ufunc, method)(*(boxed(self, each) for each in inputs), **options)
        return self._run(ufunc, loop, method, inputs, options)

    def _run(self, ufunc: np.ufunc, loop: Any, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        if loop is not None:
            return getattr(loop, method)(*loop_inputs(method, inputs), **options)
        plain = [bare(each) if isinstance(each, ExactArray) else each for each in inputs]
        if ufunc in OPERATIONS:  # a number beside an array is made exact once, and not for each entry
            plain = [number(each) if type(each) in (int, float) else each for each in plain]
        plain = [lifted(each) if _is_complex_float(each) else each for each in plain]
        return getattr(direct(ufunc) if method == "__call__" else ufunc, method)(*plain, **options)

    def _rounded(self, function: Any, result: Any) -> Any:
        return result

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        limits.spend()
        if function not in smooth.SMOOTH_FUNCTIONS:
            smooth.bend()
        own = OWN_FUNCTIONS.get(function) or LINALG.get(function)
        args = tuple(map(exact_argument, args))
        if kwargs.get("dtype") is not None and is_float(kwargs["dtype"]):
            note_narrow(narrow(kwargs["dtype"]))
            kwargs = {**kwargs, "dtype": HONEST}
        if own is not None:
            result = own(*args, **kwargs)
        else:
            result = np.ndarray.__array_function__(self, function, types, args, kwargs)
        return self.given(self._rounded(function, result) if function in CONTRACTIONS else result)

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(_index(key))
        return found if isinstance(found, ExactArray) else self.given(found)

    def __setitem__(self, key: Any, value: Any) -> None:
        value = fitted(self, value)
        note_narrow(self.narrow)
        if not (isinstance(key, ExactArray) and key.is_mask()):
            super().__setitem__(_index(key), value)
        elif np.ndim(value) > self.ndim - key.ndim:
            raise balls.Undecidable("an assignment of several values where comparisons of balls are open")
        else:
            write(self, np.where(key.reshape(key.shape + (1,) * (self.ndim - key.ndim)), value, self))

    def __bool__(self) -> bool:
        return bool(decided(self))

    def __float__(self) -> float:
        smooth.bend()
        told = floated.get()
        if told is not None:
            told()
        return super().__float__()

    def __complex__(self) -> complex:
        smooth.bend()
        told = floated.get()
        if told is not None:
            told()
        return complex(bare(self).item())

    def __int__(self) -> int:
        smooth.bend()
        return int(integers(self)[()])

    def __round__(self, digits: int = 0) -> Any:
        return self.round(digits)

    def __format__(self, spec: str) -> str:
        return format(float(bare(self)) if self.ndim == 0 else str(self), spec)

    def __repr__(self) -> str:
        return repr(exact.to_float(self))

    def __str__(self) -> str:
        return str(exact.to_float(self))

    def __deepcopy__(self, memo: Any) -> Any:
        return self.copy()

    def astype(  # type: ignore[override]
        self, dtype: Any, order: Any = "K", casting: Any = "unsafe", subok: bool = True, copy: bool = True
    ) -> Any:
        kind = np.dtype(dtype).kind
        if kind not in "fOc":
            smooth.bend()
        less = narrow(dtype)
        if less is not None:
            note_narrow(less)
            rounded = self.copy() if copy else self[...]
            rounded.narrow = less
            return rounded
        if kind == "b":
            return truth(self)
        if kind in "iu":
            return self.copy() if self.is_mask() else integers(self).astype(dtype)
        if kind == "c":
            return self.given(complexly(bare(self)).copy()) if copy or not is_complex(self) else self
        if kind == "f" and is_complex(self):
            return self.real
        if kind not in "fO":
            raise Unavailable(f"exact arithmetic is not available for this code: it has no {np.dtype(dtype)}")
        return self.copy() if copy else self

    def argsort(self, axis: Any = -1, kind: Any = None, order: Any = None, **options: Any) -> Any:
        smooth.bend()
        # NaN comes last, and Python cannot tell where it is
        keys = np.where(ISNAN(bare(self)).astype(bool), flint.arb("inf"), bare(self))
        return keys.argsort(axis=axis, kind=kind)

    def sort(self, axis: Any = -1, kind: Any = None, order: Any = None, **options: Any) -> None:
        bare(self)[...] = np.take_along_axis(bare(self), self.argsort(axis, kind), axis)

    def is_mask(self) -> bool:
        """Are these the answers of comparisons that may be open? Others are booleans."""
        return False

    def item(self, *at: Any) -> Any:
        return self.given(np.ndarray.item(self, *at))

    def tolist(self) -> Any:
        return [each.tolist() for each in self] if self.ndim else self[()]

    def fill(self, value: Any) -> None:
        self[...] = value

    def take(self, *args: Any, **options: Any) -> Any:
        return self.given(bare(self).take(*args, **options))

    def dot(self, other: Any, out: Any = None) -> Any:
        return np.dot(self, other, out)

    def put(self, indices: Any, values: Any, mode: Any = "raise") -> None:
        bare(self).put(indices, lifted(values), mode)

    def compress(self, condition: Any, axis: Any = None, out: Any = None) -> Any:
        return self.given(bare(self).compress(decided(condition), axis, out))

    def nonzero(self) -> Any:
        return decided(self).nonzero()

    def round(self, decimals: int = 0, out: Any = None) -> Any:  # type: ignore[override]
        scale = flint.arb(10) ** decimals
        result = np.rint(self * scale) / scale if decimals else np.rint(self)
        return result if out is None else written(out, result)

    __iadd__, __isub__, __imul__ = _in_place(np.add), _in_place(np.subtract), _in_place(np.multiply)
    __itruediv__, __ipow__, __imod__ = _in_place(np.true_divide), _in_place(np.power), _in_place(np.remainder)
    __ifloordiv__: ClassVar[Any] = _in_place(np.floor_divide)


def loop_inputs(method: str, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """What a loop is given; beside the array of a `reduceat` stand indices."""
    return (lifted(inputs[0]), *inputs[1:]) if method == "reduceat" else tuple(map(lifted, inputs))


def _is_complex_float(value: Any) -> bool:
    return isinstance(value, complex) or (isinstance(value, np.ndarray) and np.ndarray.dtype.__get__(value).kind == "c")


def exact_argument(value: Any) -> Any:
    """An argument of one of NumPy's functions: a flint number does not know Python's complex ones."""
    return lifted(value) if _is_complex_float(value) else without_float(value)


def _index(key: Any) -> Any:
    """An index in which a mask of balls is decided."""
    if isinstance(key, ExactArray):
        return decided(key) if key.is_mask() else bare(key)
    return tuple(map(_index, key)) if type(key) is tuple else key
