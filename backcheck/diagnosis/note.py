"""A failure as a note for people: in words, as a network, as numbers, and as a script."""

import shlex
from collections.abc import Mapping
from typing import Any

import numpy as np

from backcheck.containment import contained
from backcheck.diagnosis import figure
from backcheck.diagnosis.locate import Finding, diagnose
from backcheck.diagnosis.reproducer import script
from backcheck.diagnosis.two_cases import told
from backcheck.keys import OUTPUT, TensorKey, TensorKind
from backcheck.problem import SUBJECT
from backcheck.strategies import layouts
from backcheck.strategies.case import Case, draw_as_text
from backcheck.verdicts import invariants
from backcheck.verdicts.cases import check_case
from backcheck.verdicts.check import Checked
from backcheck.verdicts.measure import Key
from backcheck.verdicts.parties import FRAMEWORKS
from backcheck_reports import CaseNote
from backcheck_reports.number_format import apart
from backcheck_reports.party_names import PARTY_NAMES
from backcheck_reports.record import Verdict
from scratch_bp.rules import Rule

MOST_ROWS = 12


@contained()
def tell(
    case: Case,
    table: Mapping[str, Rule],
    *,
    found: Case | None = None,
    id: str = "",
    subject: str | None = None,
    out: str | None = None,
) -> CaseNote | None:
    """The note for a case that disagrees; None if it agrees.

    `found` is the case before shrinking: it has more entries, which tell more about the fault. Where only that case
    tells it, the note says so and how to see that case again: with the `subject`, and the folder of the run, `out`.
    """
    checked = check_case(case, table)
    with np.errstate(all="ignore"):
        finding = diagnose(checked)
    if finding is None:
        return None
    small = (checked, finding)
    large = _before(found, finding, table) or small
    said = told((finding, checked.problem), (large[1], large[0].problem))
    kept = (
        (f"the larger case is kept too: {replay_command(found.id, subject, out)}",) if found and said.of_larger else ()
    )
    graph, heat = _pictures(small, case.id)
    larger: dict[str, Any] = {}
    if found is not None and large is not small and found.id != case.id:
        drawn, errors = _pictures(large, found.id)
        text = draw_as_text(found.network, table)
        larger = {"found": found.id, "found_network": text, "found_graph": drawn, "found_heat": errors}
    memory = layouts.said({**checked.problem.arrays, "dy": checked.problem.dy})
    return CaseNote(
        id=id or case.id,
        title=f"{finding.rule}.{finding.argument}  {case.dtype}",
        lines=(*said.words.splitlines(), finding.sentence, *who(checked, finding), *_alone(finding), *memory, *kept),
        network=draw_as_text(case.network, table),
        table=worst_entries(checked, finding),
        reproducer=script(case, finding, subject),
        again=replay_command(case.id, subject, out),
        verdict=finding.measure.verdict.value,
        shown=case.id if id not in ("", case.id) else "",
        rule=finding.rule,
        tensor=finding.argument,
        party=finding.party,
        graph=graph,
        heat=heat,
        **larger,
    )


def replay_command(id: str, subject: str | None, out: str | None = None) -> str:
    """The command that checks the case again. It names the subject, since no code is imported that nobody names."""
    options = {"--subject": subject, "--out": out}
    given = [text for name, value in options.items() if value is not None for text in (name, value)]
    return shlex.join(["backcheck", "replay", id, *given])


def _before(found: Case | None, finding: Finding, table: Mapping[str, Rule]) -> tuple[Checked, Finding] | None:
    """The case before shrinking, if it is the same failure."""
    if found is None:
        return None
    checked = check_case(found, table)
    with np.errstate(all="ignore"):
        first = diagnose(checked)
    return (checked, first) if first is not None and first.bucket == finding.bucket else None


def _pictures(failure: tuple[Checked, Finding], id: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The network of a case, and its errors where any shows in floats. Each picture names its case."""
    checked, finding = failure
    with np.errstate(all="ignore"):
        heat = figure.heat(checked, finding)
    drawn = figure.graph(checked.problem.network, finding.node, checked.problem.rules, case=id)
    return drawn, heat | {"where": f", case {id}"} if heat else None


def who(checked: Checked, finding: Finding, mine: str = "the subject's") -> tuple[str, ...]:
    """Who is the outlier, if two or more agree on the wrong tensor; `mine` says whose the subject is."""
    outliers = sorted({party for _, party in checked.disagreements if party not in ("exact", invariants.PARTY)})
    if finding.party == invariants.PARTY or finding.measure.verdict is not Verdict.DISAGREE:
        return ()
    tensor, _ = _wrong_key(checked, finding)
    agreeing = [PARTY_NAMES[party] for party in (*FRAMEWORKS, "differences") if _fine(checked, tensor, party)]
    if _has_exact_truth(checked, tensor):
        agreeing.append("exact arithmetic")
    if len(agreeing) < 2:
        return ()
    own = f"{mine} {'forward' if tensor == OUTPUT else 'backward'}"
    named = " and ".join(own if party == SUBJECT else PARTY_NAMES.get(party, party) for party in outliers) or own
    verb = "differ" if len(outliers) > 1 else "differs"
    return (f"{', '.join(agreeing[:-1])} and {agreeing[-1]} agree with each other; {named} {verb}",)


def _wrong_key(checked: Checked, finding: Finding) -> Key:
    """The tensor that the finding is about, and who is wrong in it: of a network, the first that is wrong."""
    keys = [key for key in checked.disagreements if key[1] in (finding.party, "exact")] or list(checked.disagreements)
    single = len(checked.problem.network.nodes) == 1  # in a larger one an array may have the name of an argument
    return next((key for key in keys if single and key[0] == finding.key), keys[0])


def _fine(checked: Checked, tensor: TensorKey, party: str) -> bool:
    """Does the party agree on this tensor, and disagree on none?"""
    verdicts = [m.verdict for (_, who), m in checked.measures.items() if who == party]
    own = checked.measures.get((tensor, party))
    return own is not None and own.verdict is Verdict.AGREE and Verdict.DISAGREE not in verdicts


def _has_exact_truth(checked: Checked, tensor: TensorKey) -> bool:
    """Did exact arithmetic rule on this tensor? On the value it does not, and there its number is the truth."""
    ruled = checked.measures.get((tensor, "exact"))
    return tensor in checked.truth.known if ruled is None else ruled.verdict is not Verdict.UNAVAILABLE


def _alone(finding: Finding) -> tuple[str, ...]:
    if finding.alone is None or not finding.alone.network.nodes:
        return ()
    node = finding.alone.network.nodes[0]
    shapes = ", ".join(f"{name}{list(array.shape)}" for name, array in finding.alone.arrays.items())
    options = ", ".join(f"{name}={value!r}" for name, value in node.config.items())
    said = f" with {options}" if options else ""
    return (f"the node at fault: {finding.node} = {node.rule}({shapes}){said}",)


def worst_entries(checked: Checked, finding: Finding) -> tuple[tuple[str, str, str, str], ...]:
    """The wrong tensor of the party at fault beside the truth, the worst entries first; none that are right to the bit.

    The number to want of a second order, and of a value that is judged by a framework's, stands in the verdict alone.
    """
    party = finding.party
    tensor, who_is = _wrong_key(checked, finding)
    known, worst = checked.truth.known.get(tensor), checked.measures[tensor, who_is]
    got = checked.answers[party].tensors.get(tensor) if party in checked.answers else None
    if tensor.kind is TensorKind.PRODUCT or (tensor == OUTPUT and np.isnan(worst.fraction)):
        return (_row(tensor, worst.index, worst.got, worst.want, worst.allowed),) if np.isfinite(worst.want) else ()
    if known is None or got is None or finding.measure.verdict is Verdict.SHAPE:
        return ()
    error = np.nan_to_num(abs(got.astype(np.float64) - known.hi), nan=np.inf)
    if known.absent is not None:
        error[known.absent] = 0.0  # where there is no truth nothing is wrong
    error = error.ravel()
    rows = []
    for flat in np.argsort(-error, kind="stable")[: min(MOST_ROWS, int((error > 0).sum()))]:
        at = tuple(int(i) for i in np.unravel_index(flat, known.hi.shape))
        rows.append(_row(tensor, at, float(got[at]), known.hi[at], known.allowed[at]))
    return tuple(rows)


def _row(key: TensorKey, index: tuple[int, ...], got: float, want: float, allowed: float) -> tuple[str, str, str, str]:
    where = f"{key}[{', '.join(map(str, index))}]" if index else str(key)
    return where, *apart(got, want, digits=9), "–" if np.isnan(allowed) else f"{allowed:.2g}"


def briefly(note: CaseNote) -> list[str]:
    """The note in at most five lines."""
    network = note.network.splitlines()
    drawn = network[0] if len(network) == 1 else f"{len(network)} lines, see the replay"
    said = [f"  {line}" for line in note.lines[:2]]
    return [
        f"{note.verdict.upper()}  {note.title}  case {note.id}",
        *said,
        f"  smallest network: {drawn}",
        f"  again: {note.again}",
    ]


def printed(note: CaseNote) -> list[str]:
    """The note for a terminal."""
    head = [f"{note.verdict.upper()}  {note.title}  case {note.id}", *(f"  {line}" for line in note.lines)]
    of = f", case {note.shown}" if note.shown else ""
    network = [f"  smallest network{of}:", *(f"    {line}" for line in note.network.splitlines())]
    return [*head, *network, *entries(note), f"  again: {note.again}"]


def entries(note: CaseNote) -> list[str]:
    """The worst entries, a line for each."""
    return [f"    {where:<18} got {got:<16} want {want:<16} allowed {free}" for where, got, want, free in note.table]
