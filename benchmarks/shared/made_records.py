"""Records to order, as a large run has them: whole cases, five parties, every verdict, round numbers and long ones."""

import itertools
import math
import random
from collections.abc import Iterator

from backcheck_reports import Record, Verdict

PARTIES = ("numpy", "torch", "jax", "differences", "exact")
DTYPES = ("float64", "float32", "float16", "bfloat16")
RULES = tuple(f"rule_{number}" for number in range(140))
PROFILES = ("zeros", "small integers", "lattice", "normal", "wide range", "saturating", "subnormal")
TENSORS = 5  # of a network
REASONS = {
    Verdict.KINK: "every party lies between the one-sided slopes",
    Verdict.ILL_CONDITIONED: "rounding can move this gradient by more than 1e-3 of its size",
    Verdict.UNAVAILABLE: "float64 only",
}


def made(number: int, seed: int = 0) -> Iterator[Record]:
    """So many records, the same for the same seed."""
    return itertools.chain.from_iterable(networks(number, seed))


def networks(records: int, seed: int = 0) -> Iterator[list[Record]]:
    """The records of one network after the other, until there are enough; the last network may lack some.

    One verdict in 500 disagrees, one in six is neither agree nor disagree.
    """
    rng, each = random.Random(seed), TENSORS * len(PARTIES)
    for place in range(0, records, each):
        yield list(_case(rng, place // each))[: records - place]


def _case(rng: random.Random, network: int) -> Iterator[Record]:
    case, dtype, profile = f"{rng.getrandbits(48):012x}", rng.choice(DTYPES), rng.choice(PROFILES)
    for tensor in range(TENSORS):
        rule, shape, name = rng.choice(RULES), (rng.randint(1, 8), rng.randint(1, 8)), rng.choice("xwb")
        want, blur = _value(rng, profile)
        for party in PARTIES:
            verdict, got, allowed = (
                _verdict(rng),
                want * (1 + blur * rng.gauss(0, 1)),
                abs(want) * rng.uniform(1, 9) * 1e-14,
            )
            error = abs(got - want) if verdict != Verdict.DISAGREE else rng.choice((math.nan, abs(want)))
            index = tuple(rng.randrange(size) for size in shape)
            yield Record(
                case, network, "output" if tensor == 0 else f"p{tensor}", rule, name, party, dtype, profile, shape,
                math.prod(shape), verdict, error, error / (abs(want) or 1), error / math.ulp(want),
                error / (allowed or 1), allowed, rng.random() * 1e-12, index, got, want, REASONS.get(verdict, ""),
            )  # fmt: skip


def _value(rng: random.Random, profile: str) -> tuple[float, float]:
    """A true entry, and how far an answer may be off: where inputs are whole or dyadic, answers are to the bit."""
    if profile in ("zeros", "small integers", "lattice"):
        return {"zeros": 0.0, "small integers": float(rng.randint(-9, 9))}.get(profile, rng.randint(-64, 64) / 8), 0.0
    return rng.gauss(0, 1) * 10 ** rng.uniform(-6, 6), 1e-15


def _verdict(rng: random.Random) -> Verdict:
    draw = rng.random()
    if draw < 1 / 500:
        return Verdict.DISAGREE
    others = (Verdict.KINK, Verdict.ILL_CONDITIONED, Verdict.OUT_OF_RANGE, Verdict.VACUOUS, Verdict.UNAVAILABLE)
    return rng.choice(others) if draw < 1 / 6 else Verdict.AGREE
