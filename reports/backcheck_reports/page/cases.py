"""The list of cases: columns of text in one compressed block, and a plain table of the worst for pages without scripts.

Each string is kept once, with a number for each row. Floats are text as Python writes them, so that NaN, infinities,
-0.0 and subnormals survive and every digit can be shown. The block is deflated and written in base64: it has a tenth of
the size of plain JSON, and no string from outside can end an HTML element in it or begin one.
"""

import json
import zlib
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from backcheck_reports.number_format import count, counted, exact, short
from backcheck_reports.page.cards import index_text, shape_text
from backcheck_reports.page.chips import kind
from backcheck_reports.party_names import party_name
from backcheck_reports.record import CONTRACT, FAULTS, OUTPUT, Record, Verdict
from backcheck_reports.statistics.findings import finding_name
from backcheck_reports.statistics.listed_records import WORST, ListedRecords, badness

BLOCK_BYTES = 3_000_000  # unless the page has less room
PLAIN_ROWS = 100  # of the plain table
BASE_36 = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class CaseRow:
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
class CaseList:
    """`sentence` says how much is listed, and `left` how much is not; `data` is the block, `lines` the plain table, and
    `plain` its caption.
    """

    sentence: str
    left: str
    plain: str
    data: str
    lines: tuple[CaseRow, ...]


def tensor(record: Record) -> str:
    """The gradient by the rule's argument, as in "dgamma"; a promise by its name."""
    if record.tensor == OUTPUT:
        return OUTPUT
    return record.argument if record.party == CONTRACT else f"d{record.argument}"


def _got(record: Record) -> str:
    """A digit to the base 36 for how many characters `got` and `want` share, and the rest of `got`.

    Most of the characters are the same, so that most of `got` need not be kept.
    """
    got, want = exact(record.got), exact(record.want)
    shared = 0
    while shared < min(len(got), len(want)) and got[shared] == want[shared]:
        shared += 1
    return BASE_36[shared] + got[shared:]


WORDS: dict[str, Callable[[Record], str]] = {
    "verdict": lambda record: record.verdict.value,
    "rule": lambda record: record.rule,
    "tensor": tensor,
    "party": lambda record: party_name(record.party),
    "dtype": lambda record: record.dtype,
    "shape": lambda record: shape_text(record.shape),
    "case": lambda record: record.case,
    "finding": finding_name,
    "array": lambda record: record.tensor,
    "inputs": lambda record: record.profile,
    "network": lambda record: str(record.network),
    "index": lambda record: index_text(record.index),
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


def case_list(chosen: ListedRecords, most_bytes: int = BLOCK_BYTES) -> CaseList:
    """The chosen records, or the most important of them, as many as the block has room for."""
    data = _block(chosen.in_order())
    while len(data) > most_bytes and len(chosen):
        # 0.95, since the block of fewer records is compressed a little less well
        chosen = chosen.cut(int(0.95 * len(chosen) * max(most_bytes, 0) / len(data)))
        data = _block(chosen.in_order())
    shown = len(chosen)
    worst = sorted(chosen.in_order(), key=lambda record: -badness(record))[:PLAIN_ROWS]
    part = f"The {count(len(worst))} worst of {count(shown)}"
    caption = f"All {count(shown)}, the worst first" if len(worst) == shown else part
    left = count(chosen.total - shown) if chosen.total > shown else ""
    return CaseList(_sentence(chosen), left, caption, data, tuple(map(_row, worst)))


def _block(records: Sequence[Record]) -> str:
    words = {}
    for name, word in WORDS.items():  # each text once, and for each row the number of its text
        texts = [word(record) for record in records]
        codes = {text: code for code, text in enumerate(dict.fromkeys(texts))}
        words[name] = {"values": list(codes), "codes": [codes[text] for text in texts]}
    numbers = {name: " ".join(map(number, records)) for name, number in NUMBERS.items()}
    order = {"verdict": list(Verdict)}
    text = json.dumps({"rows": len(records), "words": words, "numbers": numbers, "order": order}, separators=(",", ":"))
    return b64encode(zlib.compress(text.encode(), 6)).decode()


def _sentence(chosen: ListedRecords) -> str:
    """How many records of how many are listed; the three numbers of a choice add up to the first."""
    shown, total = len(chosen), chosen.total
    if shown == total:
        return f"All {counted(total, 'record')} of the run: one for each tensor and party, and one for each promise."
    failing = sum(record.verdict in FAULTS for record in chosen.in_order())
    worst = sum(record.verdict not in FAULTS for _, record in chosen.worst)
    whose = "all" if failing == chosen.disagreeing else f"{count(failing)} of"
    return (
        f"{count(shown)} of {counted(total, 'record')} of the run are listed: {whose} "
        f"{counted(chosen.disagreeing, 'disagreement')}, {count(worst)} more that are among the {WORST} worst of their "
        f"rule, party and dtype, and {count(shown - failing - worst)} of cases drawn by lot."
    )


def _row(record: Record) -> CaseRow:
    return CaseRow(
        kind(record.verdict),
        record.verdict.value,
        record.rule,
        tensor(record),
        party_name(record.party),
        record.dtype,
        shape_text(record.shape),
        short(record.ulps),
        short(record.fraction),
        short(record.resolution),
        record.case,
    )
