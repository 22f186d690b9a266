"""The state of the process that code under test may change, and that the next case must find as it was.

It is read once before a check and compared once after it; only what has changed is written back.
"""

import gc
import locale
import operator
import os
import random
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import numpy as np

from backcheck import numpy_generator


class StatePart(NamedTuple):
    """One thing of the process: how it is read, how it is put back, and whether two readings are the same."""

    read: Callable[[], Any]
    write: Callable[[Any], object]
    same: Callable[[Any, Any], bool] = lambda one, other: bool(one == other)


@contextmanager
def state_kept() -> Iterator[None]:
    """After the block the process is as it was before."""
    before = [(part, part.read()) for part in _parts()]
    had_torch = "torch" in sys.modules
    try:
        yield
    finally:
        for part, value in before:
            if not part.same(value, part.read()):
                with suppress(OSError):  # a folder that is gone is no folder to go back to
                    part.write(value)
        if not had_torch and "torch" in sys.modules:
            _as_imported(sys.modules["torch"])


def _parts() -> Iterator[StatePart]:
    yield from _ALWAYS
    if threading.current_thread() is threading.main_thread():  # nobody else may say what signals do
        yield _SIGNALS
    if (torch := sys.modules.get("torch")) is not None and hasattr(torch, "get_default_dtype"):
        yield from _of_torch(torch)
    if (jax := sys.modules.get("jax")) is not None and hasattr(jax, "config"):
        yield _of_jax(jax)


def _folder() -> str | None:
    try:
        return os.getcwd()
    except OSError:
        return None


def _enter(folder: str | None) -> None:
    if folder is not None:
        os.chdir(folder)


def _environment() -> dict[Any, Any]:
    # as the system has it, where Python lets us see that: decoded it takes thirty times as long
    return dict(getattr(os.environ, "_data", os.environ))


def _put_environment(raw: dict[Any, Any]) -> None:
    variables = {os.fsdecode(name): os.fsdecode(value) for name, value in raw.items()}
    for name in os.environ.keys() - variables.keys():
        del os.environ[name]
    os.environ.update(variables)


def _put_filters(filters: list[Any]) -> None:
    warnings.filters[:] = filters  # type: ignore[index]  # a list, which typeshed declares as a sequence
    with warnings.catch_warnings():  # it tells the warnings that their filters have changed
        pass


def _streams() -> tuple[Any, ...]:
    return sys.stdin, sys.stdout, sys.stderr


def _put_streams(streams: tuple[Any, ...]) -> None:
    sys.stdin, sys.stdout, sys.stderr = streams


def _handlers() -> dict[int, Any]:
    return {number: signal.getsignal(number) for number in _NUMBERS}


def _put_handlers(handlers: dict[int, Any]) -> None:
    for number, handler in handlers.items():
        # None is a handler that was not set by Python, and Python cannot set it again
        if handler is not None and signal.getsignal(number) != handler:
            with suppress(ValueError):
                signal.signal(number, handler)


def _put_path(path: list[str]) -> None:
    sys.path[:] = path


# those that programs handle; to look at all sixty takes longer than all else
_SIGNAL_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGALRM", "SIGCHLD", "SIGPIPE", "SIGUSR1", "SIGUSR2", "SIGBREAK")
_NUMBERS = [getattr(signal, name) for name in _SIGNAL_NAMES if hasattr(signal, name)]
_SIGNALS = StatePart(_handlers, _put_handlers)
_ALWAYS = (
    StatePart(sys.getrecursionlimit, sys.setrecursionlimit),
    StatePart(np.geterr, lambda found: np.seterr(**found)),
    StatePart(np.geterrcall, np.seterrcall, lambda one, other: one is other),
    StatePart(np.get_printoptions, lambda found: np.set_printoptions(**found)),
    StatePart(random.getstate, random.setstate),
    StatePart(numpy_generator.get_state, numpy_generator.set_state, numpy_generator.same),
    StatePart(_environment, _put_environment),
    StatePart(_folder, _enter),
    StatePart(lambda: list(sys.path), _put_path),
    StatePart(_streams, _put_streams, lambda one, other: all(map(operator.is_, one, other))),
    StatePart(lambda: list(warnings.filters), _put_filters),
    StatePart(lambda: locale.setlocale(locale.LC_ALL), lambda found: locale.setlocale(locale.LC_ALL, found)),
    StatePart(gc.isenabled, lambda on: gc.enable() if on else gc.disable()),
)

# switches of PyTorch that change numbers, each read and written by functions
_SWITCHES = (
    ("get_default_dtype", "set_default_dtype"),
    ("get_num_threads", "set_num_threads"),
    ("is_grad_enabled", "set_grad_enabled"),
    ("get_float32_matmul_precision", "set_float32_matmul_precision"),
    ("is_anomaly_enabled", "set_anomaly_enabled"),
)
_FLAGS = ("jax_debug_nans", "jax_debug_infs", "jax_disable_jit", "jax_default_matmul_precision", "jax_enable_x64")


def _of_torch(torch: Any) -> Iterator[StatePart]:
    for read, write in _SWITCHES:
        if hasattr(torch, read):
            yield StatePart(getattr(torch, read), getattr(torch, write))
    yield StatePart(
        lambda: (torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()),
        lambda found: torch.use_deterministic_algorithms(found[0], warn_only=found[1]),
    )
    yield StatePart(torch.get_rng_state, torch.set_rng_state, torch.equal)
    yield StatePart(_flushes, torch.set_flush_denormal)


def _flushes() -> bool:
    """Does the processor take subnormal numbers for zero, as PyTorch may tell it?"""
    return bool(_SMALLEST * _ONE == 0.0)


_SMALLEST, _ONE = np.float64(5e-324), np.float64(1.0)


def _as_imported(torch: Any) -> None:
    """PyTorch was imported within the block: what it is like then is known."""
    torch.set_default_dtype(torch.float32)
    torch.use_deterministic_algorithms(False)


def _of_jax(jax: Any) -> StatePart:
    def read() -> dict[str, Any]:
        return {name: getattr(jax.config, name) for name in _FLAGS if hasattr(jax.config, name)}

    def write(found: dict[str, Any]) -> None:
        for name, value in found.items():
            # the oracle turns float64 on, once and for all, and may do so within the block
            if name != "jax_enable_x64" or value:
                jax.config.update(name, value)

    return StatePart(read, write)
