"""PyTorch's and JAX's callables as pairs, and the same callables without what was written by hand: an oracle."""

import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from backcheck.subjects.pairs.pair import as_rule
from backcheck.subjects.pairs.source_text import name_of
from scratch_bp.rules import Rule


class Pair(NamedTuple):
    """`raw` is the pair itself, `rule` the engine's, `mirror` the framework's own derivative of the same function."""

    name: str
    plain: Callable[..., Any]
    raw: Rule
    rule: Rule
    mirror: Callable[..., Any]


def pair_of(kind: str, function: Any) -> Pair:
    """The pair of a torch or jax callable."""
    module = _module(kind)
    raw = module.as_pair(function)
    without = module.without_custom_backward if kind == "torch" else module.without_custom_rules
    name = function.__name__ if inspect.isclass(function) else name_of(function)
    rule = as_rule(raw.forward, raw.backward, numpy=False)
    return Pair(name, _signed(function), raw, rule, without(function))


def _module(kind: str) -> Any:
    """What brings a framework's operations to exact numbers; loaded for those who use that framework only."""
    return importlib.import_module(f"backcheck.subjects.pairs.{kind}_function")


def standin(torch: Callable[..., Any] | None, jax: Callable[..., Any] | None) -> Rule | None:
    """The function that was given in a framework, as a rule on exact numbers: for NumPy code that cannot be one."""
    if torch is None and jax is None:
        return None
    raw = _module("torch").as_pair(torch) if torch is not None else _module("jax").as_pair(jax)
    return as_rule(raw.forward, raw.backward, numpy=False)


def _signed(function: Any) -> Callable[..., Any]:
    """What has the names of the arrays in its signature: a Function's forward behind its ctx, a module's forward."""
    if inspect.isclass(function) and hasattr(function, "apply"):
        return _without_context(function)
    return getattr(function, "forward", None) or function


def _without_context(function: Any) -> Callable[..., Any]:
    parameters = list(inspect.signature(function.forward).parameters.values())
    names = [p for p in parameters if p.name not in ("ctx", "self", "_")]

    def signed(*arrays: Any) -> Any:
        return function.apply(*arrays)

    signed.__signature__ = inspect.Signature(names)  # type: ignore[attr-defined]
    return signed


def to_array(given: Any) -> np.ndarray:
    """A tensor, an array or a number as NumPy's array."""
    if type(given).__module__.partition(".")[0] == "torch":
        from backcheck_reference.frameworks.torch_oracle import to_numpy

        tensor = given.detach().cpu()
        name = str(tensor.dtype).removeprefix("torch.")
        return to_numpy(tensor.clone(), _dtype(name))
    return np.asarray(given)


def to_arrays(given: Any) -> Any:
    """The same in any holder."""
    if isinstance(given, tuple | list):
        return type(given)(to_arrays(each) for each in given)
    if isinstance(given, Mapping):
        return {name: to_arrays(each) for name, each in given.items()}
    return to_array(given)


def _dtype(name: str) -> np.dtype:
    if name == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name)
