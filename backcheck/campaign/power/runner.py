"""Faults are planted one after the other, and networks are judged until each is found."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from backcheck.campaign.power.fault import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one fault.

    networks   how many networks of the stream were drawn until it was found; None where it was not found
    of_rule    how many of them had its rule: those alone were judged
    rule, tensor, said_kind, sentence     what was named, and said of it; empty where it was not found
    crash      what the run raised instead of a verdict
    """

    fault: str
    networks: int | None
    of_rule: int
    seconds: float
    rule: str = ""
    tensor: str = ""
    said_kind: str = ""
    sentence: str = ""
    untrue: tuple[str, ...] = ()
    crash: str = ""


def measured(faults: Iterable[Fault], *, networks: int = 2000, seed: int = 0, workers: int = 1) -> Iterator[Outcome]:
    """The outcome of each fault, in order, on the same stream of networks of all rules that `verify` draws."""
    raise NotImplementedError
