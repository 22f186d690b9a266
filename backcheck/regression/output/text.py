"""A comparison for the terminal: sentences on what changed, then a table of the numbers that changed."""

from collections import Counter
from collections.abc import Iterator, Sequence

from backcheck.regression.difference.changes import Comparison, ComparisonFinding, Smallest, TensorComparison, TimeRatio
from backcheck.regression.difference.speed import AS_FAST, CANNOT_TELL, FASTER, SLOWER
from backcheck.regression.difference.tensors import Kind
from backcheck_reports.number_format import count, counted, short

ROWS_SHOWN, FINDINGS_SHOWN = 24, 16  # the page has all of them
TABLE_HEAD = (
    "tensor", "dtype", "became", "cases", "identical", "last ulps", "other", "moved", "old ulps", "new ulps", "digits",
)  # fmt: skip


def lines(found: Comparison) -> list[str]:
    """The outcome first."""
    shown = found.findings[:FINDINGS_SHOWN]
    more = len(found.findings) - len(shown)
    parts = [f"old  {found.old}", f"new  {found.new}", outcome(found), ""]
    parts += [line for finding in shown for line in _finding(finding)]
    parts += [f"and {more} more, on the page"] if more else []
    parts += [*_table(found.rows), *_times(found.speeds)]
    parts += [f"not compared: {note}" for note in found.notes]
    return parts


def outcome(found: Comparison) -> str:
    """The whole comparison in a sentence or two."""
    counts = found.counts
    what = (
        f"{counted(counts['tensors'], 'tensor')} of {counted(counts['nodes'], 'node')}, "
        f"{counted(counts['rules'], 'rule')} in {counted(counts['dtypes'], 'dtype')}, "
        f"and {counted(counts['networks'], 'whole network')}"
    )
    if not counts["tensors"]:
        return "Nothing could be compared."
    failing = len(found.failing)
    verdict = f"{counted(failing, 'finding')} against the expectation ({found.expected})" if failing else "As expected"
    if not failing and not found.findings and counts["identical"] == counts["tensors"]:
        verdict = "Identical to the bit"
    return f"{verdict}: {what}; {count(counts['identical'])} identical to the bit."


def _finding(finding: ComparisonFinding) -> Iterator[str]:
    yield f"{'FAILS ' if finding.fails else 'notice'}  {finding.sentence}"
    if finding.smallest is not None and finding.fails:
        yield from (f"          {line}" for line in smallest_lines(finding.smallest))


def smallest_lines(smallest: Smallest) -> list[str]:
    """The smallest network, its arrays, and the entry at which the two sides differ most."""
    truth = f", truth {smallest.truth}" if smallest.truth else ""
    entry = [f"{smallest.entry}: old {smallest.old}, new {smallest.new}{truth}"] if smallest.entry else []
    return [*smallest.network.splitlines(), smallest.arrays, *entry]


def _table(rows: Sequence[TensorComparison]) -> list[str]:
    changed = sorted((row for row in rows if row.kind is not Kind.SAME), key=lambda row: list(Kind).index(row.kind))
    if not changed:
        return []
    cells = [TABLE_HEAD, *(_cells(row) for row in changed[:ROWS_SHOWN])]
    more = [f"and {len(changed) - ROWS_SHOWN} more rows, on the page"] if len(changed) > ROWS_SHOWN else []
    return ["", *_columns(cells), *more]


def _cells(row: TensorComparison) -> tuple[str, ...]:
    def pair(median: float | None, worst: float | None) -> str:
        return "–" if worst is None else f"{short(median)} / {short(worst)}"

    numbers = (row.cases, row.identical, row.rounding, row.different)
    old, new = pair(row.old_median_ulps, row.old_worst_ulps), pair(row.new_median_ulps, row.new_worst_ulps)
    known = row.old_digits is not None and row.new_digits is not None
    digits = f"{row.old_digits:.1f} -> {row.new_digits:.1f}" if known else "–"
    name = f"{row.rule}.{row.tensor}" if row.tensor.startswith("d") else f"{row.rule} {row.tensor}"
    counts = (count(n) if n else "" for n in numbers)
    return name, row.dtype, row.kind.value, *counts, short(row.moved), old, new, digits


def _columns(cells: Sequence[Sequence[str]], left: int = 3) -> list[str]:
    """Aligned lines: the first columns to the left, numbers to the right."""
    widths = [max(len(row[at]) for row in cells) for at in range(len(cells[0]))]
    return [
        "  ".join(
            text.ljust(width) if at < left else text.rjust(width)
            for at, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


def _times(speeds: Sequence[TimeRatio]) -> list[str]:
    """How many times are faster, the same, slower or unknown, and a table of those that changed."""
    if not speeds:
        return []
    counts = Counter(each.verdict for each in speeds)
    ordered = (verdict for verdict in (FASTER, AS_FAST, SLOWER, CANNOT_TELL) if counts[verdict])
    said = ", ".join(f"{counts[verdict]} {verdict}" for verdict in ordered)
    changed = [each for each in speeds if each.verdict in (FASTER, SLOWER)]
    changed.sort(key=lambda each: each.ratio, reverse=True)
    head = ("rule", "phase", "size", "new / old", "interval", "old us", "new us", "verdict")
    rows = [(each.rule, each.phase, each.size, *_time_cells(each)) for each in changed[:ROWS_SHOWN]]
    return ["", f"times, forward and backward, small and large: {said}", *(_columns([head, *rows]) if rows else [])]


def _time_cells(each: TimeRatio) -> tuple[str, ...]:
    interval = f"{short(each.low)} to {short(each.high)}"
    return short(each.ratio), interval, short(each.old_us), short(each.new_us), each.verdict
