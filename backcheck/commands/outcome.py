"""The outcome of a run: the exit code, and what is printed."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from backcheck.campaign import crashes
from backcheck.campaign.crashes import Crash
from backcheck.campaign.shard import case_of
from backcheck.commands import terminal
from backcheck.diagnosis.note import briefly, replay_command
from backcheck.errors import AGREE, COULD_NOT, DISAGREE
from backcheck.problem import SUBJECT
from backcheck.verdicts.cases import FAILED_HERE, NOT_ENDED
from backcheck.verdicts.records import UNREAD
from backcheck_reports import CaseNote, Summary, headline, outcome, read_notes, read_run
from backcheck_reports.exports.formats import FORMATS
from backcheck_reports.number_format import counted
from backcheck_reports.record import FAULTS, FORWARD, Verdict
from backcheck_reports.statistics.findings import RunFinding
from backcheck_reports.statistics.summary import Reason
from backcheck_reports.statistics.told import notes_on, told
from backcheck_reports.storage.codec import number, plain

PAGE = FORMATS["html"].name
FINDINGS_SHOWN = 3
ENOUGH_GRADIENTS = 20  # gradients of a rule: that none, or few, of so many could be judged is no accident


def exit_code(summary: Summary, complete: bool, folder: Path | None = None) -> int:
    """COULD_NOT where nothing could be judged, or nothing or too little of one of the rules, where the run is not
    complete or its records cannot be read, where a case did not end, or where we failed ourselves."""
    if summary.totals.faults:
        return DISAGREE
    unsure = not complete or summary.lost or never_judged(summary) or hardly_judged(summary) or failed_here(summary)
    # of many different reasons the summary keeps some: the folder has every case that did not end
    unsure = unsure or _because(summary, NOT_ENDED) or (folder is not None and any(_not_ended(folder)))
    return AGREE if summary.totals[Verdict.AGREE] and not unsure else COULD_NOT


def never_judged(summary: Summary) -> list[str]:
    """The rules of which enough gradients were met and all of them were vacuous or unavailable."""
    empty = {rule: counts[Verdict.VACUOUS] + counts[Verdict.UNAVAILABLE] for rule, counts in _met(summary).items()}
    return sorted(rule for rule, counts in _met(summary).items() if counts.total() == empty[rule])


def hardly_judged(summary: Summary) -> list[str]:
    """The rules of which most gradients were unavailable, though not all."""
    found = {rule for rule, counts in _met(summary).items() if 2 * counts[Verdict.UNAVAILABLE] > counts.total()}
    return sorted(found - set(never_judged(summary)))


def _met(summary: Summary) -> dict[str, Counter[Verdict]]:
    """The verdicts on the subject's gradients, for each rule of which enough were met."""
    met: defaultdict[str, Counter[Verdict]] = defaultdict(Counter)
    for row in summary.rows:
        if row.party == SUBJECT and row.rule not in (FORWARD, UNREAD):
            met[row.rule] += row.counts
    return {rule: counts for rule, counts in met.items() if counts.total() >= ENOUGH_GRADIENTS}


def failed_here(summary: Summary) -> int:
    """The verdicts that are missing by a fault of ours."""
    return _because(summary, FAILED_HERE)


def _because(summary: Summary, reason: str) -> int:
    """The verdicts with a reason that begins so."""
    return sum(each.count for each in summary.reasons if each.reason.startswith(reason))


def facts(recipe: Any, summary: Summary, page: Path, folder: Path, never_run: Sequence[str] = ()) -> dict[str, Any]:
    return {
        "networks": summary.totals.networks,
        "tensors": summary.totals.gradients,
        "entries": summary.totals.entries,
        "verdicts": {str(verdict): summary.totals[verdict] for verdict in Verdict},
        "seed": recipe.get("seed"),
        "page": str(page),
        "never_judged": never_judged(summary),
        "hardly_judged": hardly_judged(summary),
        "cautions": list(summary.cautions),
        "never_run": list(never_run),
        "ended": [asdict(crash) for crash in crashes.known(folder).values()],
        "findings": [
            {"rule": each.rule, "party": each.party, "what": each.what, "also": each.also} for each in summary.findings
        ],
        "failures": [{"id": note.id, "title": note.title, "lines": note.lines} for note in read_notes(folder).values()],
    }


def answer(summary: Summary, complete: bool = True) -> str:
    """What a person wants to know first, in one line: which rules are wrong, of how many, and how much was judged."""
    rows = [row for row in summary.rows if row.party == SUBJECT and row.rule not in (FORWARD, UNREAD)]
    judged = sum(row.counts[verdict] for row in rows for verdict in (*FAULTS, Verdict.AGREE))
    of = f"{counted(len({row.rule for row in rows}), 'rule')}, {counted(judged, 'gradient')} judged"
    return f"{outcome(summary.totals, complete, summary.lost, summary.findings)} ({of})"


def lines(
    summary: Summary, page: Path, folder: Path, story: Any, never_run: Sequence[str] = (), complete: bool = True
) -> list[str]:
    """At most twenty lines for a person, the answer first and the page's path last."""
    said = [answer(summary, complete), headline(summary.totals), *summary.cautions, *never_run, *_crashes(folder)]
    if story:
        moments = ", ".join(f"{m['when']} {m['verdicts'].get('agree', 0)} agree" for m in story["checked"])
        (first, last), accuracy = map(number, (story["loss"][0], story["loss"][-1])), number(story["accuracy"][-1])
        said.append(
            f"training {'-'.join(map(str, story['layers']))} on {story['data']}: loss {first:.4f} -> "
            f"{last:.4f}, test accuracy {accuracy:.1%}; gradients verified: {moments}"
        )
    worst = [row for row in summary.rows if row.party == SUBJECT and row.worst_fraction is not None]
    if worst and not summary.totals.faults:
        row = max(worst, key=lambda row: row.worst_fraction or 0.0)
        said.append(f"largest rounding error: {_percent(row.worst_fraction)} of the limit ({row.rule}, {row.dtype})")
    if missed := never_judged(summary):
        said.append(f"never judged, only vacuous or unavailable: {', '.join(missed)}")
    if missed := hardly_judged(summary):
        why = next((f", most often: {each.reason}" for each in _why_unavailable(summary)), "")
        said.append(f"hardly judged, most of its gradients are unavailable: {', '.join(missed)}{why}")
    if failed := failed_here(summary):
        what = next(each.reason for each in summary.reasons if each.reason.startswith(FAILED_HERE))
        said.append(f"{counted(failed, 'verdict')} missing by a fault of backcheck's own ({what}); please report it")
    notes = read_notes(folder)
    for finding in summary.findings[:FINDINGS_SHOWN]:
        said += _finding(finding, notes, folder)
    if len(summary.findings) > FINDINGS_SHOWN:
        said.append(f"and {len(summary.findings) - FINDINGS_SHOWN} more findings, on the page")
    return [*said[:19], str(page)]


def _percent(fraction: float | None) -> str:
    return "unknown" if fraction is None else f"{100 * fraction:.2g} %"


def _finding(finding: RunFinding, notes: Mapping[str, CaseNote], folder: Path) -> list[str]:
    """One finding in a few lines: the rule, what is wrong of it and where it shows, and the case that tells it best."""
    head = f"WRONG  {finding.name}: {'; '.join(filter(None, (finding.what, finding.also)))}"
    if own := notes_on(finding, notes):
        return [head, *briefly(own[0])[1:]]
    case, words = told(finding, notes)
    subject = read_run(folder).recipe.get("subject")
    return [head, f"  {words}", f"  again: {replay_command(case, subject, str(folder))}"]


def _why_unavailable(summary: Summary) -> list[Reason]:
    """Why the subject's gradients are unavailable, the most frequent reason first."""
    found = [each for each in summary.reasons if (each.party, each.verdict) == (SUBJECT, Verdict.UNAVAILABLE)]
    return sorted(found, key=lambda each: -each.count)


def _not_ended(folder: Path) -> list[Crash]:
    return [crash for crash in crashes.known(folder).values() if crash.of_everything]


def _crashes(folder: Path) -> list[str]:
    """The networks that did not end, and the frameworks that ended their process, and how often."""
    found, whole = list(crashes.known(folder).values()), _not_ended(folder)
    counts = Counter(crash.party for crash in found if not crash.of_everything)
    told = [
        f"{counted(len(whole), 'network')} not judged, since the check did not end: {crash.words} "
        f"(again: backcheck replay {case_of(folder, crash.network)} --out {folder})"
        for crash in whole[:1]
    ]
    return told + [
        f"{party} ended its process at {counted(count, 'network')} and is unavailable there: "
        f"{next(crash.words for crash in found if crash.party == party)}"
        for party, count in counts.items()
    ]


def say(facts: Mapping[str, Any], lines: Sequence[str], as_json: bool, *, aside: bool = False) -> None:
    """Print one of the two; `aside` on standard error, where standard output holds a file."""
    if as_json:
        terminal.show_json(plain(facts), aside=aside)
    else:
        terminal.show(lines, aside=aside)


def could_not(why: str, as_json: bool) -> int:
    """Say why nothing could be checked, where the outcome would have been. Returns the exit code."""
    if as_json:
        terminal.show_json({"could not check": why})
    else:
        terminal.complain(why)
    return COULD_NOT
