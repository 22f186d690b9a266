"""One case run by one side, on floats alone: the bits of its answers, and what it does beside computing them.

Most cases of most modifications come out the same on both sides. That costs two short runs a case to see, where a truth
costs a thousand times that, so the truth is asked for only where it says something.
"""

import hashlib
import random
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backcheck.array_bits import bits
from backcheck.containment import contained, raised
from backcheck.outputs import apart, joined
from backcheck.regression.sides.loader import LoadedSide
from backcheck.strategies.case import Case
from scratch_bp.network import Node

VALUE = "value"
Answers = dict[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class RawRun:
    """What one side answered, as plain data.

    error      what it raised, empty where it did not; `stage` says whether forward or backward did
    digests    by tensor, the hash of dtype, shape and bits
    strides    by tensor, how far apart entries lie in memory, of axes of more than one entry
    warned     the warnings, each once
    unsteady   the first tensor that has other bits in a second run; empty where there is none
    writes     into what of that which it was given it writes; of a rule of somebody's own its check says so
    """

    error: str = ""
    stage: str = ""
    digests: Mapping[str, str] = field(default_factory=dict)
    strides: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    warned: tuple[str, ...] = ()
    unsteady: str = ""
    writes: str = ""


class _Stopped(Exception):
    """Forward or backward raised; the text says what."""

    def __init__(self, stage: str, error: BaseException) -> None:
        super().__init__(raised(error) if error.__traceback__ else str(error))
        self.stage = stage


@contained()
def raw_runs(side: LoadedSide, cases: Sequence[tuple[Case, bool]]) -> list[RawRun]:
    """Run each case, some of them twice, on arrays of its own each time."""
    return [_raw_run(side, case, twice) for case, twice in cases]


def _raw_run(side: LoadedSide, case: Case, twice: bool) -> RawRun:
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="warn", under="ignore"):
        warnings.simplefilter("always")
        writes = list[str]()
        try:
            first = _answers(side, case, writes)
        except _Stopped as stopped:
            return RawRun(str(stopped), stopped.stage, writes=writes[0] if writes else "")
    warned = tuple(sorted({f"{each.category.__name__}: {each.message}" for each in caught}))
    digests = {name: _digest(array) for name, array in first.items()}
    strides = {name: _strides(array) for name, array in first.items()}
    unsteady = _changed(side, case, digests) if twice else ""
    return RawRun("", "", digests, strides, warned, unsteady, writes[0] if writes else "")


def _changed(side: LoadedSide, case: Case, digests: Mapping[str, str]) -> str:
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            second = _answers(side, case)
    except _Stopped:
        return next(iter(digests), VALUE)
    return next((name for name, array in second.items() if digests.get(name) != _digest(array)), "")


@contained()
def raw_answers(side: LoadedSide, case: Case) -> Answers:
    """The answers themselves; none where the side raises."""
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return {name: np.array(array) for name, array in _answers(side, case).items()}
    except _Stopped:
        return {}


def _answers(side: LoadedSide, case: Case, writes: list[str] | None = None) -> Answers:
    """The value and the gradients by tensor, as they came. Gradients that are None are left out. `writes` is told into
    what the rule writes."""
    arrays, dy = case.make()
    watched = None if writes is None or case.network.nodes[0].rule in side.own else _Watched(arrays, dy, writes)
    node = case.network.nodes[0]
    with _same_chance():
        if side.rules.engine is not None:
            value, grads = _at("engine", side.rules.engine, case.network, dict(arrays), dy)
            return {VALUE: np.asanyarray(value), **{f"d{name}": np.asanyarray(grad) for name, grad in grads.items()}}
        inputs = [arrays[name] for name in node.reads]
        run = side.own[node.rule].run if node.rule in side.own else _runner(side, case, node)
        value, pull = _at("forward", run, inputs, dict(node.config))
        if watched is not None:
            watched.look("forward")
        if np.shape(value) != dy.shape:
            said = f"its value has shape {list(np.shape(value))}, and that of the other side {list(dy.shape)}"
            raise _Stopped("forward", ValueError(said))
        value = np.array(value, copy=True, subok=True, order="K")  # backward may write into it
        found = _at("backward", pull, dy)
        if watched is not None:
            watched.look("backward")
        named = zip(node.reads, found, strict=False)
        given = {f"d{name}": _at("backward", np.asanyarray, grad) for name, grad in named if grad is not None}
        if len(found) != len(node.reads):
            given[f"{len(found)} gradients"] = np.zeros(0)
        return {VALUE: np.asanyarray(value), **given}


class _Watched:
    """The arrays that a rule is given, with copies that say whether it writes into them."""

    def __init__(self, arrays: Mapping[str, np.ndarray], dy: np.ndarray, writes: list[str]) -> None:
        self._given, self._writes = {**arrays, "dy": dy}, writes
        self._before = {name: bits(array) for name, array in self._given.items()}

    def look(self, stage: str) -> None:
        written = [name for name, array in self._given.items() if bits(array) != self._before[name]]
        if written and not self._writes:
            self._writes.append(f"{stage} writes into {' and '.join(written)}")


def _runner(side: LoadedSide, case: Case, node: Node) -> Callable[..., Any]:
    """What runs a rule of ours: the value as one array, and what pulls a cotangent of it back."""
    rule = side.rules[node.rule]

    def run(inputs: Sequence[np.ndarray], config: Mapping[str, Any]) -> tuple[Any, Callable[[Any], Any]]:
        value, saved = rule.forward(*inputs, **config)
        if not isinstance(value, tuple):
            return value, lambda dy: tuple(rule.backward(saved, dy))
        shapes, output = [np.shape(part) for part in value], case.network.output
        if output == node.name:  # taken out of a network, with all its outputs as one
            return joined(value), lambda dy: tuple(rule.backward(saved, apart(dy, shapes)))
        at = int(output.rpartition(".")[2])
        zeros = [np.zeros_like(part) for part in value]
        return joined(value), lambda dy: tuple(rule.backward(saved, (*zeros[:at], dy, *zeros[at + 1 :])))

    return run


def _at(stage: str, function: Callable[..., Any], *given: Any) -> Any:
    try:
        return function(*given)
    except (Exception, SystemExit) as error:  # the code under test, of any age, may do anything
        raise _Stopped(stage, error) from error


@contextmanager
def _same_chance() -> Iterator[None]:
    """The generators that everybody shares are at the same place in each run, so that both sides draw the same."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002  # code under test that is older than Generator draws from this one
    yield


def _digest(array: np.ndarray) -> str:
    """The same for the same numbers only. NaN is NaN, whatever its bits."""
    plain = np.array(array)
    if plain.dtype.kind not in "iubOSUmM":
        with np.errstate(all="ignore"):
            plain[np.isnan(plain)] = np.nan
    head = f"{plain.dtype} {plain.shape} "
    body = bits(plain) if plain.dtype != object else repr(plain.tolist()).encode()
    return hashlib.blake2b(head.encode() + body, digest_size=16).hexdigest()


def _strides(array: np.ndarray) -> tuple[int, ...]:
    if array.size < 2:
        return ()
    steps = zip(array.shape, array.strides, strict=True)
    return tuple(step // array.itemsize for size, step in steps if size > 1)
