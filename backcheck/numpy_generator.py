"""The state of NumPy's global generator, read in a microsecond where nothing was drawn since it was read last.

`np.random.get_state` copies 624 numbers one by one, in some 30 microseconds, and one check of a small function reads
the state five times. So the numbers are compared where they lie, in the memory that a bit generator shows to other
languages (`BitGenerator.ctypes`), and only where one is another the state is read anew. What lies outside of that
memory is the second of a pair of normal numbers, while it waits for its turn: with one waiting the state is read anew.
"""

import ctypes
from typing import Any, NamedTuple

import numpy as np
from numpy.random import MT19937, RandomState

_random: Any = np.random  # has functions of the global generator that NumPy's types leave out
WORDS = 624 + 1  # of a Mersenne twister: its numbers, and how many of them are used up
WAITING = 3  # where its state says whether a normal number waits


class GlobalState(NamedTuple):
    """Which bit generator is NumPy's global one (`np.random.set_bit_generator` takes another), and its state."""

    bits: Any
    state: Any


_latest: tuple[bytes, GlobalState] | None = None


def get_state() -> GlobalState:
    """The state now."""
    global _latest
    bits = _random.get_bit_generator()
    if type(bits) is not MT19937:
        return GlobalState(bits, _random.get_state(legacy=False))
    memory, latest = ctypes.string_at(bits.ctypes.state_address, 4 * WORDS), _latest
    if latest is not None and latest[0] == memory and latest[1].bits is bits and not latest[1].state[WAITING]:
        return latest[1]
    found = GlobalState(bits, _random.get_state())
    _latest = memory, found
    return found


def set_state(found: GlobalState) -> None:
    """Back to this state, and to the generator that had it."""
    if _random.get_bit_generator() is not found.bits:
        _random.set_bit_generator(found.bits)
    _random.set_state(found.state)


def bit_generator() -> Any:
    """The one that is NumPy's global one now."""
    return _random.get_bit_generator()


def start(seed: int) -> GlobalState:
    """The state after `np.random.seed(seed)`; of a generator of another kind, which has no such seed, the state now."""
    bits = _random.get_bit_generator()
    if type(bits) is not MT19937:
        return get_state()
    return GlobalState(bits, RandomState(seed).get_state())


def same(one: GlobalState, other: GlobalState) -> bool:
    """Are they the same to the bit?"""
    return one is other or (one.bits is other.bits and _same(one.state, other.state))


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return all(_same(one[key], other[key]) for key in one)
    if isinstance(one, tuple):
        return all(map(_same, one, other))
    return bool(np.array_equal(one, other))
