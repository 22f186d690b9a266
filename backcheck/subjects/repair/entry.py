"""The way in: the edit that makes what a check found wrong right, looked for in a process of its own."""

from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

from backcheck.containment import contained
from backcheck.errors import BadInput
from backcheck.session import seed_of
from backcheck.subjects.fuzz.rule_question import RuleQuestion
from backcheck.subjects.power.address import NoAddress
from backcheck.subjects.repair.fix import NOTHING_WRONG, Fix
from backcheck.subjects.repair.held import held
from backcheck.subjects.repair.process import can_fork, in_own_process
from backcheck.time_limit import require_seconds

SECONDS, DRAWS, LEAST_DRAWS = 10.0, 200, 100
START_SECONDS = 90.0  # for another process to import JAX and everything else, and to compile what it proves
MISSING = "a fix is looked for with LibCST, which is not installed: pip install 'backcheck[power]'"
MEANT = "no fix is looked for where another derivative is declared by `meant`"
NO_FORK = "no fix is looked for on this system, which has no forked processes"


@contained()
def repaired(
    check: Any, seconds: float, draws: int, seed: int | None, progress: Callable[[int], None] = lambda tried: None
) -> Fix:
    """The edit under which every gradient of this check agrees; or why there is none."""
    require_seconds("seconds", seconds)
    if draws < LEAST_DRAWS:
        raise BadInput(f"draws must be {LEAST_DRAWS} or more, or a fix would not be proved; got {draws}")
    if check:
        return Fix(reason=NOTHING_WRONG)
    if check.subject.code.intent is not None:
        return Fix(reason=MEANT)
    if find_spec("libcst") is None:
        return Fix(reason=MISSING)
    # an extra of its own: who asks for no fix need not have it
    from backcheck.subjects.repair.outcome import Search
    from backcheck.subjects.repair.questions import questions_of

    if not can_fork():
        return Fix(reason=NO_FORK)
    if check.subject.code.kind == "jax":
        found = _imported_anew(check, seconds, draws, seed_of(seed), progress)
    else:
        search = Search(questions_of(check), check, draws, seed_of(seed), seconds)
        found = in_own_process(search.run, seconds, progress)
    return replace(found, drawn=_drawn(check), held=_held(check))


def _imported_anew(check: Any, seconds: float, draws: int, seed: int, progress: Callable[[int], None]) -> Fix:
    """JAX does not survive a fork: another process imports its code by its name."""
    from backcheck.subjects.repair.jax_search import JaxSearch, sent_of

    try:
        search: JaxSearch = sent_of(check, draws, seed, seconds)
    except NoAddress as why:
        return Fix(reason=f"no fix is looked for: {why}")
    return in_own_process(search.run, seconds + START_SECONDS, progress, start="spawn")


def _held(check: Any) -> str:
    """What had one value in all draws; beside a rule of the catalogue every option is drawn."""
    if check.question is None:
        config = {name: [value] for name, value in check.checked.problem.network.nodes[0].config.items()}
        return held(check.subject.code, config)
    return held(check.subject.code, check.question.config) if isinstance(check.question, RuleQuestion) else ""


def _drawn(check: Any) -> str:
    """The axes of the arrays, where they were read from the arrays of one place."""
    from backcheck.subjects.repair.questions import question_of

    if check.question is not None:
        return ""
    lines = zip(check.checked.problem.arrays, question_of(check).arrays, strict=False)
    return ", ".join(f"{name}[{', '.join(line.split())}]" for name, line in lines)
