"""How a wrong gradient is planted: a forward, its true gradient by exact differences, and a mistake made in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from backcheck.diagnosis.faults import Wrong
from backcheck_reference.derivatives import jacobians
from backcheck_reference.numbers import exact


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.Generator(np.random.PCG64(seed + 1000)).standard_normal(shape)


def true_gradient(
    forward: Callable[..., Any],
    inputs: Mapping[str, np.ndarray],
    argument: str,
    dy: np.ndarray,
    config: Mapping[str, Any],
) -> np.ndarray:
    with exact.bits(256):
        lifted = tuple(exact.lift(array) for array in inputs.values())
        which = list(inputs).index(argument)
        return exact.to_float(jacobians.pull_back(lambda *a: forward(*a, **config)[0], lifted, which, exact.lift(dy)))


def plant(
    forward: Callable[..., Any],
    inputs: Mapping[str, np.ndarray],
    wrongly: Callable[[Any], Any],
    *,
    argument: str = "x",
    config: Mapping[str, Any] | None = None,
    rule: str = "",
    **more: Any,
) -> Wrong:
    """`wrongly` gets everything a backward has, and the truth `want`, and returns the wrong gradient."""
    config = config or {}
    y = np.asarray(forward(*inputs.values(), **config)[0])
    dy = more.pop("dy", numbers(*y.shape, seed=9))
    want = more.pop("want", None)
    want = true_gradient(forward, inputs, argument, dy, config) if want is None else want
    got = np.asarray(wrongly(SimpleNamespace(**{**inputs, **config, "dy": dy, "y": y, "want": want})), dtype=np.float64)
    name = rule or forward.__module__.split(".")[-1]
    return Wrong(name, argument, got, want, inputs, config, dy, forward, y, **more)


def bare(got: np.ndarray, want: np.ndarray, **more: Any) -> Wrong:
    """Two tensors of a rule of which nothing is known."""
    inputs = more.pop("inputs", {"x": numbers(*want.shape, seed=77)})
    more = {"dy": numbers(*want.shape, seed=78), "config": {}, **more}
    return Wrong("unknown", "x", np.asarray(got, dtype=np.float64), want, inputs, **more)


@dataclass(frozen=True, slots=True)
class Planted:
    """One planted fault: its kind, what is wrong, how it is made, and what the sentence must contain."""

    kind: str
    what: str
    make: Callable[[], Wrong]
    says: str

    @property
    def name(self) -> str:
        return f"{self.kind}: {self.what}"
