"""The list of cases: columns of text in one compressed block, and a plain table of the worst for who has no script.

Strings are kept once, with a number for each row; floats are text, as Python writes them, so that NaN, infinities, -0.0
and subnormals survive and every digit is there to be shown. The block is deflated and written in base64: a tenth of the
size as plain JSON, and an alphabet in which no string from outside can end an element or begin one.
"""

import json
import zlib
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from backcheck_reports.number_format import count, counted, exact, short
from backcheck_reports.page.cards import kind
from backcheck_reports.record import Record, Verdict
from backcheck_reports.statistics.listed_records import WORST, Chosen, badness
from backcheck_reports.statistics.summary import CONTRACT, OUTPUT

BUDGET = 3_000_000  # bytes of the block, unless the page has less room
PLAIN = 100  # rows of the plain table
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the plain table, as text."""

    kind: str
    verdict: str
    rule: str
    tensor: str
    party: str
    dtype: str
    shape: str
    ulps: str
    fraction: str
    resolution: str
    case: str


@dataclass(frozen=True, slots=True)
class Cases:
    """`sentence` says how much is listed, `left` how much is not; `data` is the block, `lines` are the worst of it."""

    sentence: str
    left: str
    plain: str
    data: str
    lines: tuple[Line, ...]


def tensor(record: Record) -> str:
    """The tensor by its place in the rule, as in "dgamma"; what a rule promises by the promise's name."""
    if record.tensor == OUTPUT:
        return OUTPUT
    return record.argument if record.party == CONTRACT else f"d{record.argument}"


@lru_cache(4096)  # few of them come again and again
def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "scalar"


@lru_cache(4096)
def _index(index: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, index))}]"


def _got(record: Record) -> str:
    """What is other than in `want`, after a digit that says how many characters are the same: most of them are."""
    got, want = exact(record.got), exact(record.want)
    if got == want:
        return DIGITS[len(got)]
    same = next(
        (place for place, (a, b) in enumerate(zip(got, want, strict=False)) if a != b), min(len(got), len(want))
    )
    return DIGITS[same] + got[same:]


WORDS: dict[str, Callable[[Record], str]] = {
    "verdict": lambda record: record.verdict.value,
    "rule": lambda record: record.rule,
    "tensor": tensor,
    "party": lambda record: record.party,
    "dtype": lambda record: record.dtype,
    "shape": lambda record: _shape(record.shape),
    "case": lambda record: record.case,
    "array": lambda record: record.tensor,
    "inputs": lambda record: record.profile,
    "network": lambda record: str(record.network),
    "index": lambda record: _index(record.index),
    "reason": lambda record: record.reason,
}
NUMBERS: dict[str, Callable[[Record], str]] = {
    "ulps": lambda record: short(record.ulps),
    "fraction": lambda record: short(record.fraction),
    "resolution": lambda record: short(record.resolution),
    "relative": lambda record: short(record.relative),
    "allowed": lambda record: exact(record.allowed),
    "want": lambda record: exact(record.want),
    "got": _got,
}


def cases(chosen: Chosen, budget: int = BUDGET) -> Cases:
    """As many of the chosen as the budget has room for, in bytes."""
    data = _packed(chosen.in_order())
    while len(data) > budget and len(chosen):
        chosen = chosen.cut(int(0.95 * len(chosen) * max(budget, 0) / len(data)))
        data = _packed(chosen.in_order())
    worst = sorted(chosen.in_order(), key=lambda record: -badness(record))[:PLAIN]
    left = count(chosen.total - len(chosen)) if chosen.total > len(chosen) else ""
    return Cases(_sentence(chosen), left, _plain(len(worst), len(chosen)), data, tuple(map(_line, worst)))


def _packed(records: Sequence[Record]) -> str:
    words = {name: _dictionary([word(record) for record in records]) for name, word in WORDS.items()}
    numbers = {name: " ".join(map(number, records)) for name, number in NUMBERS.items()}
    order = {"verdict": list(Verdict)}
    text = json.dumps({"rows": len(records), "words": words, "numbers": numbers, "order": order}, separators=(",", ":"))
    return b64encode(zlib.compress(text.encode(), 6)).decode()


def _dictionary(values: Sequence[str]) -> dict[str, Any]:
    numbers = {value: number for number, value in enumerate(dict.fromkeys(values))}
    return {"values": list(numbers), "codes": [numbers[value] for value in values]}


def _sentence(chosen: Chosen) -> str:
    """What is listed of what there is; the three numbers of a choice add up to what is listed."""
    shown, total = len(chosen), chosen.total
    if shown == total:
        return f"All {counted(total, 'record')} of the run: one for each tensor and party, and one for each promise."
    failing = sum(record.verdict == Verdict.DISAGREE for record in chosen.in_order())
    worst = sum(record.verdict != Verdict.DISAGREE for _, record in chosen.worst)
    whose = "all" if failing == chosen.disagreeing else f"{count(failing)} of"
    return (
        f"{count(shown)} of {counted(total, 'record')} of the run are listed: {whose} "
        f"{counted(chosen.disagreeing, 'disagreement')}, {count(worst)} more that are among the {WORST} worst of their "
        f"rule, party and dtype, and {count(shown - failing - worst)} of cases drawn by lot."
    )


def _plain(worst: int, shown: int) -> str:
    return f"The {count(worst)} worst of {count(shown)}" if worst < shown else f"All {count(shown)}, the worst first"


def _line(record: Record) -> Line:
    numbers = (short(record.ulps), short(record.fraction), short(record.resolution))
    names = (record.rule, tensor(record), record.party, record.dtype, _shape(record.shape))
    return Line(kind(record.verdict), record.verdict.value, *names, *numbers, record.case)
