"""Wrong backward passes repaired: mutants of our rules, faults of the catalogue, and fifteen that people write.

    python -m benchmarks.repairs [--mutants 300] [--faults 289] [--fifteen 15] [--seed 0] [--seconds 20] [--part 1/2]

Each is drawn until it shows, and then a fix is looked for. A fix is confirmed by `verify_like` or `verify_rule` from
another seed, on 200 draws of the source that the fix leaves: one that does not hold there is a false repair. Prints for
each kind the share that was repaired, the median time and that of 95 %, and what was not repaired.
"""

import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from statistics import quantiles
from types import ModuleType
from typing import Any

import numpy as np

import backcheck
from backcheck.campaign.power.catalogue import CATALOGUE
from backcheck.campaign.power.fault import PlantedFault
from backcheck.campaign.power.mutants import MutantPatch, mutants
from backcheck.campaign.power.patches import CopiedModules, SourceChange, SourceChanges, replaced
from backcheck.errors import BackcheckError
from backcheck.session import asked, asking
from backcheck.subjects.repair.fix import Fix
from benchmarks.shared import command_line
from benchmarks.shared.fifteen_faults import WrongPair, fifteen
from scratch_bp.rules import RULES, Rule

SHOWN, CONFIRMED, OTHER_SEED = 60, 200, 9_000
COPY = re.compile(r"<(\S+) with a fault")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one wrong backward. `shown` is False where no draw shows it, and `false` says that a fix is none."""

    name: str
    shown: bool = True
    repaired: bool = False
    false: bool = False
    seconds: float = 0.0
    tried: int = 0
    said: str = ""


def of_rule(fault: PlantedFault, seed: int, seconds: float) -> Outcome:
    """A wrong version of one of our rules."""
    name, wrong = fault.rule, fault.apply()[fault.rule]
    try:
        found = _like(name, wrong, SHOWN, seed)
    except BackcheckError as error:
        return Outcome(fault.name, shown=False, said=str(error))
    if found.failure is None:
        return Outcome(fault.name, shown=False)
    began = time.perf_counter()
    fix = found.fix(seconds)
    took = time.perf_counter() - began
    false = bool(fix) and not _like(name, _repaired_rule(fault, fix), CONFIRMED, seed + OTHER_SEED)
    return _told(fault.line or fault.name, fix, false, took)


def _like(name: str, rule: Rule, draws: int, seed: int) -> Any:
    with asking(replace(asked(), shrinks=False)):
        return backcheck.verify_like(name, *rule, draws=draws, seed=seed, oracles=("exact",), coverage=False)


def _repaired_rule(fault: PlantedFault, fix: Fix) -> Rule:
    """The rule made of the source that the fix leaves."""
    home = RULES[fault.rule].forward.__module__
    texts = _texts(fault, home)
    for change in fix.changes:
        copy = COPY.match(change.file)
        texts[copy[1] if copy else _module_of(change.file)] = change.after
    return CopiedModules(texts).rule(home)


def _texts(fault: PlantedFault, home: str) -> dict[str, str]:
    """The modules that the fault has changed."""
    patch = fault.patch
    if isinstance(patch, MutantPatch):
        return {patch.module: patch.edit.text}
    if isinstance(patch, SourceChange):
        return {patch.module or home: replaced(patch.module or home, patch.old, patch.new)}
    texts: dict[str, str] = {}
    for module, old, new in patch.parts if isinstance(patch, SourceChanges) else ():
        texts[module or home] = replaced(module or home, old, new, texts.get(module or home))
    return texts


def _module_of(file: str) -> str:
    return "scratch_bp" + file.rpartition("scratch_bp")[2].removesuffix(".py").replace("/", ".")


def of_pair(pair: WrongPair, seed: int, seconds: float) -> Outcome:
    """A pair of functions, checked at one place."""
    found = backcheck.check_vjp(pair.forward, pair.backward, *pair.arrays)
    began = time.perf_counter()
    fix = found.fix(seconds)
    took = time.perf_counter() - began
    return _told(pair.name, fix, bool(fix) and not _holds(pair, fix, seed), took)


def _holds(pair: WrongPair, fix: Fix, seed: int) -> bool:
    module = ModuleType("repaired")
    (change,) = fix.changes
    exec(compile(change.after, change.file, "exec"), module.__dict__)
    rule = pair.forward, getattr(module, pair.backward.__name__)
    lines = tuple(_line(array) for array in pair.arrays)
    return bool(backcheck.verify_rule(rule, lines, draws=CONFIRMED, seed=seed + OTHER_SEED, coverage=False))


def _line(array: np.ndarray) -> str:
    axes = " ".join("abcdefgh"[size] for size in array.shape)
    return f"{axes} <{array.max() + 1}" if array.dtype.kind == "i" else axes


def _told(name: str, fix: Fix, false: bool, took: float) -> Outcome:
    lines = "; ".join(f"{each.before.strip()}  ->  {each.after.strip()}" for each in fix.lines)
    return Outcome(name, True, bool(fix), false, took, fix.tried, lines if fix else fix.reason or f"part: {lines}")


def report(kind: str, outcomes: list[Outcome]) -> None:
    """The figures of one kind, and what was not repaired."""
    shown = [each for each in outcomes if each.shown]
    done = [each for each in shown if each.repaired]
    false = [each for each in done if each.false]
    times = [each.seconds for each in done] or [0.0]
    cuts = quantiles(times, n=20, method="inclusive") if len(times) > 1 else times * 19
    share = f"{100 * len(done) / len(shown):.0f} %" if shown else "none"
    print(
        f"{kind}: {len(done)} of {len(shown)} repaired ({share}), {len(false)} false; "
        f"{len(outcomes) - len(shown)} more are shown by none of {SHOWN} draws; "
        f"time of a repair: median {cuts[9]:.1f} s, 95 % {cuts[18]:.1f} s"
    )
    for each in false:
        print(f"  FALSE: {each.name}: {each.said}")
    for each in shown:
        if not each.repaired:
            print(f"  not repaired: {each.name}: {each.said[:160]}")


def sample(kind: str, number: int, seed: int, part: str) -> Iterator[Callable[[int, float], Outcome]]:
    """What is drawn of one kind; the part n of m."""
    drawn: list[Any]
    if kind == "mutants":
        drawn, judge = list(mutants(number, seed, of_backward=True)), of_rule
    elif kind == "faults":
        known = [each for each in CATALOGUE if isinstance(each.patch, SourceChange | SourceChanges)]
        known = [each for each in known if each.rule in RULES and "output" not in each.tensors]
        drawn, judge = random.Random(seed).sample(known, min(number, len(known))), of_rule
    else:
        drawn, judge = fifteen()[:number], of_pair
    at, of = map(int, part.split("/"))
    for each in drawn[at - 1 :: of]:
        yield lambda seed, seconds, each=each: judge(each, seed, seconds)


def main() -> None:
    named = command_line.parser(__doc__)
    for name, usual in (("mutants", 300), ("faults", 289), ("fifteen", 15), ("seed", 0)):
        named.add_argument(f"--{name}", type=int, default=usual)
    named.add_argument("--seconds", type=float, default=20.0)
    named.add_argument("--part", default="1/1")
    named.add_argument("--each", action="store_true", help="print each as it is done")
    given = command_line.options(named, mutants=1, faults=1, fifteen=1, seconds=2.0)
    for kind in ("fifteen", "faults", "mutants"):
        outcomes = []
        for run in sample(kind, getattr(given, kind), given.seed, given.part):
            outcomes.append(run(given.seed, given.seconds))
            if given.each:
                print(outcomes[-1], flush=True)
        report(kind, outcomes)


if __name__ == "__main__":
    main()
