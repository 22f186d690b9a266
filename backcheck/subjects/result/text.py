"""A check as text: a row for each gradient, in columns that line up, and what there is to say under them."""

import textwrap
from collections.abc import Mapping, Sequence

from backcheck.keys import OUTPUT, TensorKey, TensorKind, gradient
from backcheck.problem import SUBJECT, Problem
from backcheck.subjects.result.chance import FAULT
from backcheck.verdicts import invariants
from backcheck.verdicts.measure import Key, Measure
from backcheck_reports.number_format import got_and_want
from backcheck_reports.party_names import PARTY_NAMES
from backcheck_reports.record import FAULTS, Verdict

Measures = Mapping[Key, Measure]
Row = tuple[str, str, str, str, str]

LINE_WIDTH = 110
LEAST_ROOM = 20  # characters of a finding in a line
MOST_TIMES = 100
# how the reason of a verdict begins that rests on differences, for lack of exact arithmetic
DIFFERENCES_RULED = ("judged by finite differences", "finite differences disagree")
# who else is asked, in the order in which they are told of
SHOWN_AS = {"exact": "exact arithmetic", **{name: PARTY_NAMES[name] for name in ("torch", "jax", "differences")}}
# exact arithmetic runs the subject's own rule: where both are wrong it is no other party, and says that much
TOO = "in exact arithmetic too, so it is not rounding"


def rows(measures: Measures, problem: Problem) -> list[Row]:
    """(tensor, shape, verdict, finding, the others' verdicts) for each gradient, and for the value last."""
    told = [gradient(name) for name in problem.arrays if (gradient(name), SUBJECT) in measures]
    mine = [key for key, party in measures if party == SUBJECT and key.kind is TensorKind.GRADIENT and not key.node]
    told += [key for key in mine if key.name not in problem.arrays]  # those that an object holds, and are not judged
    second = [key for key, party in measures if party == SUBJECT and key.kind is TensorKind.PRODUCT]
    second.sort(key=lambda key: [*problem.arrays, key.name].index(key.name))
    return [_row(key, measures, problem) for key in (*told, OUTPUT, *second)]


def _row(key: TensorKey, measures: Measures, problem: Problem) -> Row:
    own, exact = measures[key, SUBJECT], measures.get((key, "exact"))
    # the second order has the cotangent among its arrays
    own_shape = problem.arrays[key.name].shape if key.name in problem.arrays else problem.dy.shape
    shape = str(list(own_shape if key.kind is TensorKind.PRODUCT else problem.shape_of(key)))
    shape = "" if key.kind is TensorKind.GRADIENT and key.name not in problem.arrays else shape
    ruled = exact is not None and exact.verdict is Verdict.DISAGREE and own.verdict is not Verdict.DISAGREE
    if exact is not None and ruled:
        return (
            _called(key, problem),
            shape,
            str(exact.verdict),
            f"in exact arithmetic, {_part(exact.relative)}",
            _judges(key, measures),
        )
    too = exact is not None and exact.verdict is own.verdict is Verdict.DISAGREE
    found = f"{_finding(own)}; {TOO}" if too else _finding(own)
    return _called(key, problem), shape, str(own.verdict), found, _judges(key, measures)


def _called(key: TensorKey, problem: Problem) -> str:
    """The array's own name; the forward value gives way to an array that is called so."""
    return "forward value" if key == OUTPUT and str(OUTPUT) in problem.arrays else str(key)


def _part(relative: float) -> str:
    """An error as a part of the tensor. Beside a truth that is nearly zero the number itself says nothing."""
    return f"by {relative:.2g} of it" if relative <= MOST_TIMES else f"by more than {MOST_TIMES} times its size"


def _finding(own: Measure) -> str:
    if own.verdict is Verdict.CONVENTION:
        return "as said below"
    if own.verdict is Verdict.AGREE:
        return f"{own.reason or _nearness(own)}; any relative error above {own.resolution:.0e} would be seen"
    if own.verdict is Verdict.IMPRECISE:
        return f"{got_and_want(own.got, own.want, own.index)}: {own.reason}"
    if own.reason or own.verdict is not Verdict.DISAGREE:
        return own.reason
    return got_and_want(own.got, own.want, own.index)


def _nearness(own: Measure) -> str:
    """In ulps of each entry, or where a small entry has many of them, as a part of the largest one."""
    return f"within {own.ulps:.2g} ulp" if own.ulps <= MOST_TIMES else f"within {own.relative:.1g} of the largest entry"


def _judges(key: TensorKey, measures: Measures) -> str:
    """The others by their verdicts: "exact arithmetic, finite differences: agree"."""
    by_verdict: dict[str, list[str]] = {}
    alone = measures[key, SUBJECT].reason.startswith(DIFFERENCES_RULED)  # then they are no party, but the judge
    for party, called in SHOWN_AS.items():
        wrong_too = party == "exact" and (key, party) in measures and measures[key, party].verdict is Verdict.DISAGREE
        if (key, party) in measures and not wrong_too and not (alone and party == "differences"):
            by_verdict.setdefault(str(measures[key, party].verdict), []).append(called)
    said = [f"{', '.join(named)}: {verdict}" for verdict, named in by_verdict.items()]
    return "; ".join([*said, "differences judged"] if alone else said)


def broken(measures: Measures) -> list[str]:
    """The promises that are not kept. Random numbers drawn anew are what is said of the gradient itself."""
    lost = [(k[0], m) for k, m in measures.items() if k[1] == invariants.PARTY and m.verdict in FAULTS]
    return [f"{key.name}: {m.reason}" for key, m in lost if m.reason != FAULT]


def call_with_shapes(problem: Problem) -> str:
    """The one node: `dense(x[4, 3], w[3, 2], axis=0) -> [4, 2]`.

    Its forward is not called for the shapes, as a network's is: it may not be defined at zeros.
    """
    node = problem.network.nodes[0]
    read = ", ".join(f"{name}{list(problem.arrays[name].shape)}" for name in node.reads)
    options = "".join(f", {name}={value!r}" for name, value in node.config.items())
    return f"{node.rule}({read}{options}) -> {list(problem.dy.shape)}"


def in_columns(table: Sequence[Row], width: int = LINE_WIDTH) -> list[str]:
    """Rows of text with each column as wide as it must be; what is too long for a line goes on in the next one.

    Where the others say the same of every row that they judged, that is said once, under the rows.
    """
    others = {judges for *_, judges in table if judges}
    table = [(*row[:4], "" if len(others) == 1 else row[4]) for row in table]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = []
    for name, shape, verdict, finding, judges in table:
        head = f"  {name:<{widths[0]}}  {shape:<{widths[1]}}  {verdict:<{widths[2]}}  "
        whole = f"{head}{finding:<{max(0, min(widths[3], width - len(head) - widths[4] - 2))}}  {judges}".rstrip()
        if len(whole) <= width:
            lines.append(whole)
            continue
        room = max(width, len(head) + LEAST_ROOM)  # names may leave hardly any
        lines += textwrap.wrap(finding, room, initial_indent=head, subsequent_indent=" " * len(head))
        if judges:
            lines.append(" " * len(head) + judges)
    return lines + [f"  beside it, {each}" for each in others if len(others) == 1]


def wrapped(line: str, head: str = "", width: int = LINE_WIDTH) -> list[str]:
    """A line of what is said, indented under the rows."""
    if len(line) <= width - 20:
        return [f"  {head}{line}"]
    return textwrap.wrap(line, width, initial_indent=f"  {head}", subsequent_indent="    ")
