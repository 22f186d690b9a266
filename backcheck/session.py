"""What a session asks for: how many draws, from which seed, of which oracles.

The pytest plugin makes these settings and every way into `backcheck.subjects` reads them. Nothing heavy is imported
here: pytest reads the settings in every session and must not wait.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from backcheck.time_limit import CASE_SECONDS, require_seconds

# how many times the usual number of draws; all but the first draw others in every session
PROFILES: Mapping[str, int] = {"pr": 1, "nightly": 5, "deep": 25}
DRAWS = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """What the session asks for; `oracles` is None where it asks all. With `precise` an imprecise tensor fails.

    `seconds` is the time that one case may take. With `coverage` the lines that cases reach are counted,
    and with `shrinks` the first case that fails is made small and told of.
    """

    profile: str = "pr"
    seed: int = 0
    oracles: tuple[str, ...] | None = None
    precise: bool = False
    seconds: float = CASE_SECONDS
    coverage: bool = True
    shrinks: bool = True


_ASKED = [Asked()]


def asked() -> Asked:
    """The settings that hold now."""
    return _ASKED[-1]


@contextmanager
def asking(what: Asked) -> Iterator[None]:
    """Within the block these settings hold."""
    _ASKED.append(what)
    try:
        yield
    finally:
        _ASKED.pop()


@contextmanager
def as_said(precise: bool, seconds: float | None) -> Iterator[None]:
    """Within the block an imprecise tensor fails, if the caller or the session asks for that, and a case may take as
    long as the caller says, or else the session."""
    seconds = asked().seconds if seconds is None else seconds
    require_seconds("seconds", seconds)
    with asking(replace(asked(), precise=precise or asked().precise, seconds=seconds)):
        yield


def draws_of(draws: int | None, usual: int = DRAWS) -> int:
    """How many cases to draw: the caller's number, or the usual one times the factor of the profile."""
    return usual * PROFILES[asked().profile] if draws is None else draws


def seed_of(seed: int | None) -> int:
    """The caller's seed, or the session's."""
    return asked().seed if seed is None else seed


def among(oracles: Iterable[str]) -> tuple[str, ...]:
    """Those of the oracles that this session asks."""
    wanted = asked().oracles
    return tuple(name for name in oracles if wanted is None or name in wanted)
