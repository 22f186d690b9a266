"""`backcheck replay`: one case checked again and explained."""

from collections.abc import Mapping
from math import isnan
from pathlib import Path
from typing import Any

from backcheck.campaign import crashes
from backcheck.campaign.recipe import require_known
from backcheck.commands import terminal
from backcheck.commands.fix import drawn, facts_of, looked_for
from backcheck.commands.power_of_subject import pairs_of
from backcheck.containment import no_exit
from backcheck.diagnosis.locate import diagnose
from backcheck.diagnosis.note import printed, replay_command, tell
from backcheck.errors import AGREE, DISAGREE, BadInput
from backcheck.strategies.case import Case, draw_as_text
from backcheck.strategies.case_shape import CaseRowShape
from backcheck.subjects.repair.entry import DRAWS, SECONDS
from backcheck.subjects.repair.fix import Fix
from backcheck.subjects.rule_table import load as load_rules
from backcheck.time_limit import require_seconds, time_limit
from backcheck.verdicts import invariants
from backcheck.verdicts.cases import check_case
from backcheck.verdicts.check import Checked
from backcheck.verdicts.parties import without
from backcheck_reports import StoreError, find_case, read_run
from backcheck_reports.record import Verdict
from backcheck_reports.storage import schema
from backcheck_reports.storage.codec import plain
from backcheck_reports.storage.files import reading
from scratch_bp.rules import RULES, Rule

NOT_YOURS = "a fix is looked for in code that you name with --subject, and at fault is {}"
NOT_ALONE = "no fix is looked for: {} alone is right in {} draws"


def replay(name: str, out: str, where: str | None, case_seconds: float, as_json: bool, fix: bool = False) -> int:
    """Check the case, and explain what fails. `where` is the subject that the user has named. With `fix` the rule that
    is at fault is drawn by itself, and the edit looked for that makes it right.

    Raises OutOfTime where that takes longer than a case may.
    """
    require_seconds("--case-seconds", case_seconds)
    row = _row(name, out)
    case = Case.from_json(row["case"])
    if where is None:
        _require_no_subject(name, out)
    found = Case.from_json(row["found"]) if "found" in row else None
    table = load_rules(where)
    for each in (case, found or case):
        require_known("rule", (node.rule for node in each.network.nodes), table)
    crash = crashes.known(out).get(row.get("network", -1))
    named = "" if crash is None or crash.of_everything else crash.party
    with without(named), no_exit(), time_limit(case_seconds):
        note = tell(case, table, found=found, subject=where, out=out)
        checked = check_case(case, table)
    known = _fix(checked, table, where) if fix and note else None
    fixed = str(known).splitlines() if known is not None else []
    if as_json:
        facts = {} if known is None else facts_of(known)
        measures = [
            {"tensor": str(key), "party": party, "verdict": m.verdict, "relative": m.relative, "reason": m.reason}
            for (key, party), m in checked.measures.items()
        ]
        lines = note.lines if note else []
        terminal.show_json(plain({"id": case.id, "measures": measures, "lines": lines, **facts}))
    else:
        not_asked = [f"{crash.party} was not asked: {crash.reason}"] if crash and named else []
        terminal.show([*(printed(note) if note else _agreeing(case, checked)), *not_asked, *fixed])
    return DISAGREE if note else AGREE


def _fix(checked: Checked, table: Mapping[str, Rule], where: str | None) -> Fix:
    """The edit of the rule that is at fault, of which more is drawn. Of a fault in whole networks there is none."""
    finding = diagnose(checked)
    rule = finding.rule if finding is not None else ""
    if where is None or rule not in table or table[rule] is RULES.get(rule):
        return Fix(reason=NOT_YOURS.format(rule or "no one rule"))
    found = drawn(rule, pairs_of(where, (), "backcheck replay --fix")[rule], 0)
    if found.failure is None:
        return Fix(reason=NOT_ALONE.format(rule, found.cases))
    return looked_for(rule, found.failure, SECONDS, DRAWS, 0, False)


def _row(name: str, out: str) -> CaseRowShape:
    path = Path(name)
    if not path.is_file():
        found: CaseRowShape = schema.fit(find_case(out, name), CaseRowShape, f"the case {name} of {out}")
        return found
    mend = "give a line of cases-NNNN.jsonl as a file, or a case's ID"
    with reading(path):
        data = schema.read(path.read_bytes(), schema.JsonObject, f"{path} is not a case", mend)
    if "recipe" in data:
        raise BadInput(f"{path} is the run itself, expected a case; {mend}")
    row: CaseRowShape = schema.fit(
        data if "case" in data else {"case": data}, CaseRowShape, f"{path} is not a case", mend
    )
    return row


def _require_no_subject(name: str, out: str) -> None:
    """A run says whose code it judged. A run may come from anywhere, so that alone imports nothing."""
    try:
        subject = read_run(out).recipe.get("subject")
    except StoreError:
        return
    if subject is not None:
        again = replay_command(name, str(subject), out)
        raise BadInput(
            f"the run in {out} judged the code of {subject!r}, which is imported only where you name it; "
            f"if you trust it: {again}"
        )


def _agreeing(case: Case, checked: Any) -> list[str]:
    lines = [f"case {case.id}  {case.dtype}: nothing disagrees", *draw_as_text(case.network).splitlines()]
    for (key, party), m in checked.measures.items():
        if party == invariants.PARTY and m.verdict is Verdict.AGREE:
            continue
        numbers = f"{m.ulps:10.3g} ulp {m.fraction:10.3g} of the allowed" if not isnan(m.ulps) else ""
        lines.append(f"  {key!s:<10} {party:<12} {m.verdict:<16} {numbers}  {m.reason}".rstrip())
    kept = sum(m.verdict is Verdict.AGREE for (_, party), m in checked.measures.items() if party == invariants.PARTY)
    return [*lines, f"  {kept} promises of the rules (untouched, again, linear, form, aliases) are kept"]
