"""The parties that answer in floating point: the subject and the oracles, asked the same question."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

import numpy as np

from backcheck.containment import raised
from backcheck.errors import RuleError
from backcheck.keys import OUTPUT, TensorKey, keyed
from backcheck.problem import Problem
from backcheck.time_limit import calling
from backcheck_reference.frameworks import jax_oracle, torch_oracle
from backcheck_reference.lazy import OtherShape, Unavailable, torch

# what a framework is asked: (program, arrays, dy, wanted, mirrors) -> (value, gradient by array)
Ask = Callable[..., tuple[np.ndarray, dict[str, np.ndarray]]]

FRAMEWORKS: dict[str, Ask] = {"torch": torch_oracle.value_and_grad, "jax": jax_oracle.value_and_grad}
ORACLES = (*FRAMEWORKS, "differences", "exact")

_left_out: ContextVar[frozenset[str]] = ContextVar("left_out", default=frozenset())


@contextmanager
def without(*parties: str) -> Iterator[None]:
    """Within the block these frameworks are not asked: nobody wants to know, or one would end the process."""
    token = _left_out.set(_left_out.get() | set(parties))
    try:
        yield
    finally:
        _left_out.reset(token)


def not_left_out(oracles: Sequence[str]) -> tuple[str, ...]:
    """The oracles that may be asked here and now; see `without`."""
    return tuple(name for name in oracles if name not in _left_out.get())


@dataclass(frozen=True, slots=True)
class Answer:
    """What one party says: the value and the gradients by their keys, or why it cannot answer.

    `malformed` names what is wrong with the form of an answer: a shape or a dtype, by tensor.
    """

    tensors: Mapping[TensorKey, np.ndarray]
    unavailable: str = ""
    malformed: Mapping[TensorKey, str] | None = None


def calm() -> None:
    """One thread for PyTorch: on tensors of a few entries its threads wait for each other more than they work."""
    try:
        torch.set_num_threads(1)
    except Unavailable:
        return


def ask_subject(problem: Problem) -> Answer:
    """The subject's answer. An exception is an answer too, and a wrong one: of backward, where forward alone raises
    nothing; else of forward, or of an engine, which has no such parts."""
    try:
        with np.errstate(all="ignore"):
            value, grads = problem.vjp(problem.arrays, problem.dy)
    except Exception as error:  # anybody's code may raise anything: it becomes the verdict, with its own words
        return _raised(
            problem, str(error) if isinstance(error, RuleError) else f"raises {type(error).__name__}: {error}"
        )
    return _form(keyed(value, grads), problem)


def _raised(problem: Problem, said: str) -> Answer:
    try:
        with np.errstate(all="ignore"):
            value = np.asarray(problem.function(problem.arrays))
    except Exception:  # it is forward that raises
        if said.startswith("raises"):
            said = f"{'forward' if problem.engine is None else 'the engine'} {said}"
        return Answer({}, malformed=dict.fromkeys(problem.tensors, said))
    whole = _form({OUTPUT: value, **{key: np.empty(0) for key in problem.gradients}}, problem)
    said = said if said.startswith("backward") else f"backward {said}"
    return replace(whole, malformed={**(whole.malformed or {}), **dict.fromkeys(problem.gradients, said)})


def ask_framework(name: str, problem: Problem) -> Answer:
    """PyTorch's or JAX's answer, or why there is none."""
    try:
        asked = problem.program, problem.arrays, problem.dy, problem.wanted, problem.mirrors
        with calling(name):
            value, grads = FRAMEWORKS[name](*asked)
    except Unavailable as reason:
        return Answer({}, unavailable=str(reason))
    except OtherShape as other:
        said = f"has shape {list(other.shape)}, expected {list(problem.dy.shape)}"
        return Answer({}, malformed={**dict.fromkeys(problem.gradients, f"its value {said}"), OUTPUT: said})
    except KeyError as missing:
        return Answer({}, unavailable=f"no mirror of the rule {missing} in {name}")
    except (Exception, SystemExit) as error:  # a kernel that a framework lacks for a dtype is its limit, not our crash
        return Answer({}, unavailable=f"{name} {raised(error)}")
    return _form(keyed(value, grads), problem)


def _form(tensors: Mapping[TensorKey, np.ndarray], problem: Problem) -> Answer:
    """The tensors that have the shape and the dtype they must have, and in words what is wrong with the others."""
    malformed, kept = {}, {}
    for key in problem.tensors:
        found, shape = np.asarray(tensors[key]), problem.shape_of(key)
        if found.shape != shape:
            malformed[key] = f"has shape {list(found.shape)}, expected {list(shape)}"
        elif found.dtype.name != problem.dtype:
            malformed[key] = f"has dtype {found.dtype.name}, expected {problem.dtype}"
        else:
            kept[key] = found
    return Answer(kept, malformed=malformed)
