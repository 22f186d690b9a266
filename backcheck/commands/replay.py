"""`backcheck replay`: one case checked again and explained."""

from math import isnan
from pathlib import Path
from typing import Any

import click

from backcheck.campaign import crashes
from backcheck.campaign.recipe import require_known
from backcheck.diagnosis.note import printed, tell
from backcheck.errors import AGREE, DISAGREE
from backcheck.strategies.case import Case, draw_as_text
from backcheck.strategies.case_shape import CaseRow
from backcheck.subjects.rule_table import load as load_rules
from backcheck.verdicts import invariants
from backcheck.verdicts.cases import check_case
from backcheck.verdicts.parties import without
from backcheck_reports import StoreError, find_case, read_run
from backcheck_reports.record import Verdict
from backcheck_reports.storage import schema
from backcheck_reports.storage.codec import dumps
from backcheck_reports.storage.files import reading


def replay(name: str, out: str, as_json: bool) -> int:
    """Check the case, and explain what fails."""
    row = _row(name, out)
    case, where = Case.from_json(row["case"]), _subject_of(out)
    found = Case.from_json(row["found"]) if "found" in row else None
    table = load_rules(where)
    for each in (case, found or case):
        require_known("rule", (node.rule for node in each.network.nodes), table)
    crash = crashes.known(out).get(row.get("network", -1))
    with without(crash.party if crash else ""):
        note = tell(case, table, found=found, subject=where)
        checked = check_case(case, table)
    if as_json:
        measures = [
            {"tensor": str(key), "party": party, "verdict": m.verdict, "relative": m.relative, "reason": m.reason}
            for (key, party), m in checked.measures.items()
        ]
        click.echo(dumps({"id": case.id, "measures": measures, "lines": note.lines if note else []}, indent=2))
    else:
        click.echo(printed(note) if note else _agreeing(case, checked))
        if crash:
            click.echo(f"{crash.party} was not asked: {crash.reason}")
    return DISAGREE if note else AGREE


def _row(name: str, out: str) -> CaseRow:
    path = Path(name)
    if not path.is_file():
        found: CaseRow = schema.fit(find_case(out, name), CaseRow, f"the case {name} of {out}")
        return found
    mend = "give a case's file, or the id of a case of --out"
    with reading(path):
        data = schema.read(path.read_bytes(), schema.JsonObject, str(path), mend)
    row: CaseRow = schema.fit(data if "case" in data else {"case": data}, CaseRow, str(path), mend)
    return row


def _subject_of(out: str) -> str | None:
    try:
        return read_run(out).recipe.get("subject")
    except StoreError:
        return None


def _agreeing(case: Case, checked: Any) -> str:
    lines = [f"case {case.id}  {case.dtype}: nothing disagrees", draw_as_text(case.network)]
    for (key, party), m in checked.measures.items():
        if party == invariants.PARTY and m.verdict is Verdict.AGREE:
            continue
        numbers = f"{m.ulps:10.3g} ulp {m.fraction:10.3g} of the allowed" if not isnan(m.ulps) else ""
        lines.append(f"  {key!s:<10} {party:<12} {m.verdict:<16} {numbers}  {m.reason}".rstrip())
    kept = sum(m.verdict is Verdict.AGREE for (_, party), m in checked.measures.items() if party == invariants.PARTY)
    return "\n".join([*lines, f"  {kept} promises of the rules (untouched, again, linear, form, aliases) are kept"])
