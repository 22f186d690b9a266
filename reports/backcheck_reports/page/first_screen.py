"""What a reader looks for first, beside the verdict: how much was judged, the worst rule, and how accurate each is."""

from dataclasses import dataclass

from backcheck_reports.number_format import count, percent, short
from backcheck_reports.record import FORWARD, SUBJECT, Verdict
from backcheck_reports.statistics.aggregates import COMPARED
from backcheck_reports.statistics.summary import Summary
from backcheck_reports.statistics.totals import Totals

# the verdicts that judge nothing, and whether they are a worry
NOT_JUDGED = {
    Verdict.VACUOUS: "the true gradient is zero there, so that agreeing proves nothing: no worry",
    Verdict.ILL_CONDITIONED: "rounding alone moves the gradient by more than a thousandth there: no fault of the code",
    Verdict.OUT_OF_RANGE: "a value overflows or underflows at this dtype: no fault of the gradient",
    Verdict.UNAVAILABLE: "an oracle could not answer; the reasons are listed under the table",
}


@dataclass(frozen=True, slots=True)
class AccuracyRow:
    """Errors of what agrees, as a part of the largest entry of each tensor, of one party at one dtype. In ulps of the
    entry itself they would say nothing: small entries beside large ones have any number of them.
    """

    party: str
    dtype: str
    gradients: str
    median: str
    most: str
    worst: str


@dataclass(frozen=True, slots=True)
class FirstScreen:
    """`judged` is a sentence, `unjudged` has a line for each kind that was not, `worst` names the worst rule that
    agrees. Each may be empty.
    """

    judged: str
    unjudged: tuple[str, ...]
    worst: str
    accuracy: tuple[AccuracyRow, ...]


def first_screen(summary: Summary) -> FirstScreen:
    totals = summary.totals
    unjudged = tuple(f"{count(totals[kind])} {kind}: {words}" for kind, words in NOT_JUDGED.items() if totals[kind])
    return FirstScreen(_judged(totals), unjudged, _worst(summary), _accuracy(summary))


def _judged(totals: Totals) -> str:
    left = sum(totals[kind] for kind in NOT_JUDGED)
    share = percent(totals.verdicts - left, totals.verdicts)
    return f"{share} of {count(totals.verdicts)} verdicts were judged." if totals.verdicts else ""


def _worst(summary: Summary) -> str:
    """The rule of the subject's whose agreeing gradients came nearest to their limit."""
    rows = [row for row in summary.rows if row.party == SUBJECT and row.rule != FORWARD and row.worst_fraction]
    if not rows:
        return ""
    worst = max(rows, key=lambda row: row.worst_fraction or 0.0)
    part = f"{100 * (worst.worst_fraction or 0.0):.2g} %"
    return f"Largest rounding error of the subject: {part} of the limit ({worst.rule}, {worst.dtype})."


def _accuracy(summary: Summary) -> tuple[AccuracyRow, ...]:
    found = summary.aggregates.accuracy
    order = sorted(found, key=lambda key: (COMPARED.index(key[0]), key[1]))
    rows = []
    for party, dtype in order:
        errors = found[party, dtype]
        sizes = (errors.median(), errors.quantile(0.95), errors.largest)
        rows.append(AccuracyRow(party, dtype, count(errors.total), *map(short, sizes)))
    return tuple(rows)
