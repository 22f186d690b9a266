"""`backcheck power MODULE:ATTR`: how much the agreement of somebody's own rules is worth."""

import inspect
from typing import Any

from backcheck.campaign.recipe import require_known
from backcheck.commands.outcome import say
from backcheck.errors import AGREE, COULD_NOT, DISAGREE, BadInput
from backcheck.session import draws_of
from backcheck.strategies.catalogue import signature_of
from backcheck.subjects.fuzz.rule_check import verified
from backcheck.subjects.fuzz.rule_question import USUAL_DRAWS, RuleQuestion
from backcheck.subjects.power.own_power import MUTANTS, power_of
from backcheck.subjects.power.power_of_checks import PowerOfChecks
from backcheck.subjects.rule_table import load
from backcheck.verdicts.parties import calm
from scratch_bp.rules import RULES

NO_TABLE = "{} takes a table of (forward, backward) pairs; {} differentiates whole networks"


def power(subject: str, rules: tuple[str, ...], mutants: int | None, seed: int, workers: int, as_json: bool) -> int:
    """Break each backward of the table, fuzz it, and say what would have been noticed.

    Exit code 0 where all of them agree, 1 where one disagrees as it is, 3 where of one nothing could be told.
    """
    calm()
    own = pairs_of(subject, rules, "backcheck power")
    codes, lines, facts = [AGREE], list[str](), dict[str, Any]()
    for name in rules or own:
        code, said, fact = _of_rule(name, own[name], mutants or MUTANTS, seed, workers)
        codes.append(code)
        lines += [f"{name}: {line}" for line in said]
        facts[name] = fact
    say({"subject": subject, "seed": seed, "rules": facts}, lines, as_json)
    return DISAGREE if DISAGREE in codes else max(codes)


def pairs_of(subject: str, rules: tuple[str, ...], command: str) -> dict[str, Any]:
    """The pairs of functions of a table, as they were written. Raises BadInput where these are not there."""
    table = load(subject)
    if getattr(table, "engine", None) is not None:
        raise BadInput(NO_TABLE.format(command, subject))
    own = {name: rule.backward.__self__.given for name, rule in table.items() if rule is not RULES.get(name)}  # type: ignore[attr-defined]
    if not own:
        raise BadInput(f"{subject} has no rule of its own to be changed; ours are changed by --mutants")
    require_known("rule", rules, own)
    return own


def _of_rule(name: str, pair: Any, mutants: int, seed: int, workers: int) -> tuple[int, list[str], dict[str, Any]]:
    question, draws = question_of_pair(name, pair), draws_of(None, USUAL_DRAWS)
    try:
        found = verified(question, draws, seed, coverage=True)
    except BadInput as error:
        return COULD_NOT, [str(error)], {"reason": str(error)}
    if found.failure is not None:
        said = f"{found.verdict}; mend it first, its mutants say nothing"
        return DISAGREE, [said], {"verdict": str(found.verdict)}
    worth = power_of(question, found, draws, seed, mutants, workers)
    lines = [f"{found.verdict} in {found.cases} draws", *found.code.lines, *worth.lines]
    code = COULD_NOT if worth.reason or not found else AGREE
    return code, lines, {"verdict": str(found.verdict), "draws": found.cases, **_facts(worth)}


def _facts(worth: PowerOfChecks) -> dict[str, Any]:
    outcomes = [
        {"place": each.mutant.place, "change": " -> ".join(each.mutant.edit.lines), "fate": str(each.fate),
         "draw": each.draw, "said": each.said}
        for each in worth.outcomes
    ]  # fmt: skip
    return {"noticed": worth.noticed, "survivors": len(worth.survivors), "mutants": outcomes, "reason": worth.reason}


def question_of_pair(name: str, pair: Any) -> RuleQuestion:
    """With the axes of our rule of this name, where forward says nothing of its own."""
    annotated = any(p.annotation is not p.empty for p in inspect.signature(pair[0]).parameters.values())
    if annotated or name not in RULES:
        return RuleQuestion(rule=pair)
    slots = [slot for slot in signature_of(name).arrays if not slot.optional]
    lines = tuple(" ".join(slot.dims) + (" <2" if slot.integer else "") for slot in slots)
    return RuleQuestion(rule=pair, arrays=lines or None)
