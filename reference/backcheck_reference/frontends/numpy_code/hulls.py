"""Balls that ordinary NumPy code can run on: how far rounding and open comparisons may move its results."""

from typing import Any

import numpy as np

from backcheck_reference.frontends.numpy_code.arrays import ExactArray, exact_argument, loop_inputs
from backcheck_reference.frontends.numpy_code.values import bare
from backcheck_reference.numbers import balls, exact
from backcheck_reference.numbers.scalar_functions import UNROUNDED


class HullArray(ExactArray, balls.Hull):
    """Balls that hold what rounding and open comparisons may do; see `balls.Hull`.

    A subclass of ExactArray, so that NumPy asks it first where the two meet.
    """

    watch: Any

    def dressed(self, array: np.ndarray) -> Any:
        made = array.view(HullArray)
        made.watch = self.watch
        return made

    def _run(self, ufunc: np.ufunc, loop: Any, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        if loop is not None:
            given = loop_inputs(method, inputs)
            result = getattr(loop, method)(*given, **options)
            self.watch.met(ufunc, given, result)
            return self._rounded(ufunc, result)
        inputs = tuple(bare(each) if type(each) is ExactArray else exact_argument(each) for each in inputs)
        return balls.Hull.__array_ufunc__(self, ufunc, method, *inputs, **options)

    def _rounded(self, function: Any, result: Any) -> Any:
        return result if function in UNROUNDED else self.watch.round(self.watch.once * result)

    def is_mask(self) -> bool:
        elements = bare(self).ravel().tolist()
        return all(each == 0 or each == 1 or (each.contains(0) and each.contains(1)) for each in elements)

    def argsort(self, axis: Any = -1, **options: Any) -> Any:  # type: ignore[override]
        """The order of the balls, where none could change places with its neighbour."""
        order = np.argsort(exact.middles(bare(self)), axis=axis, **options)
        ranked = np.take_along_axis(bare(self), order, axis)
        last = 0 if axis is None else axis
        low, high = (np.delete(ranked, at, last) for at in (-1, 0))
        if not np.all((low < high).astype(bool)):
            raise balls.Undecidable("a sort of balls that overlap")
        return order

    def sort(self, axis: Any = -1, **options: Any) -> None:  # type: ignore[override]
        bare(self)[...] = np.take_along_axis(bare(self), self.argsort(axis), axis)

    def partition(self, kth: Any, axis: Any = -1, **options: Any) -> None:  # type: ignore[override]
        self.sort(axis)

    def argpartition(self, kth: Any, axis: Any = -1, **options: Any) -> Any:  # type: ignore[override]
        return self.argsort(axis)
