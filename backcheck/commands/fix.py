"""`backcheck fix MODULE:ATTR`: the edit that makes somebody's own rules right; applied only where that is asked for."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from backcheck.commands.apply_fixes import applied
from backcheck.commands.outcome import say
from backcheck.commands.power_of_subject import pairs_of, question_of_pair
from backcheck.commands.run_folder import progress_bar
from backcheck.errors import AGREE, COULD_NOT, DISAGREE, BadInput
from backcheck.session import asked, asking
from backcheck.subjects.fuzz.rule_check import verified
from backcheck.subjects.fuzz.rule_question import USUAL_DRAWS
from backcheck.subjects.fuzz.verification import Verification
from backcheck.subjects.repair.entry import repaired
from backcheck.subjects.repair.fix import Fix
from backcheck.subjects.result.check import Check
from backcheck.verdicts.parties import calm


def fix(subject: str, rules: tuple[str, ...], seconds: float, draws: int, seed: int, apply: bool, as_json: bool) -> int:
    """Draw each rule of the table until it fails, look for the fix, and say it. Exit code 0 where all agree or every
    fix was applied, 1 where a rule is wrong as it stands, 3 where one could not be checked."""
    calm()
    own = pairs_of(subject, rules, "backcheck fix")
    codes, lines, facts = [AGREE], list[str](), dict[str, Any]()
    fixes: list[Fix] = []
    for name in rules or own:
        try:
            found = drawn(name, own[name], seed)
        except BadInput as error:
            codes.append(COULD_NOT)
            lines.append(f"{name}: {error}")
            facts[name] = {"reason": str(error)}
            continue
        if found.failure is None:
            codes.append(AGREE if found else COULD_NOT)
            lines.append(f"{name}: {found.verdict} in {found.cases} draws")
            facts[name] = {"verdict": str(found.verdict)}
            continue
        known = looked_for(name, found.failure, seconds, draws, seed, not as_json)
        fixes += [known] if apply and known else []
        codes.append(AGREE if apply and known else DISAGREE)
        lines += [f"{name}: {found.verdict}", *str(known).splitlines()]
        facts[name] = {"verdict": str(found.verdict), **facts_of(known)}
    try:
        told = applied(fixes)
    except BadInput:
        say({"subject": subject, "seed": seed, "rules": facts, "applied": []}, lines, as_json)
        raise
    say({"subject": subject, "seed": seed, "rules": facts, "applied": told}, [*lines, *told], as_json)
    return DISAGREE if DISAGREE in codes else max(codes)


def drawn(name: str, pair: Any, seed: int) -> Verification:
    """What draws of the rule come to. The failure is not told of: that takes longer than to find it."""
    question = question_of_pair(name, pair)
    with asking(replace(asked(), shrinks=False)):
        found = verified(question, USUAL_DRAWS, seed, coverage=False)
    if not isinstance(found.failure, Check):
        return found
    return replace(found, failure=replace(found.failure, question=question))


def looked_for(name: str, failure: Any, seconds: float, draws: int, seed: int, bar: bool) -> Fix:
    """The fix, with a progress bar on a terminal."""
    with progress_bar(bar) as bars:
        task = bars.add_task(f"edits of {name}", total=None)
        progress: Callable[[int], None] = lambda batch: bars.update(task, completed=batch)  # noqa: E731
        return repaired(failure, seconds, draws, seed, progress)


def facts_of(known: Fix) -> dict[str, Any]:
    """The fix for a machine."""
    lines = [{"file": each.file, "line": each.line, "before": each.before, "after": each.after} for each in known.lines]
    return {
        "fixed": bool(known), "diff": known.diff, "lines": lines, "proved_on": known.proved_on, "tried": known.tried,
        "part": list(known.part), "reason": known.reason, "sentence": known.sentence,
    }  # fmt: skip
