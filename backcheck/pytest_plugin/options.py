"""The options of the pytest plugin, each on the command line and in the configuration file."""

import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from backcheck.errors import unknown
from backcheck.regression.baseline.categories import LineChange
from backcheck.session import PROFILES, Asked
from backcheck.time_limit import CASE_SECONDS, require_seconds
from backcheck_reference import lazy

OPTIONS: Mapping[str, tuple[str, str]] = {
    "report": ("PATH", "write a page of every gradient that tests check, and its records into a folder beside it"),
    "profile": (
        "NAME",
        "how much is drawn: pr (the same every time), nightly (5 times as much, anew), deep (25 times)",
    ),
    "seed": ("N", "the seed of the draws, to draw again what an earlier session drew"),
    "oracles": ("NAMES", "who is asked, of torch,jax,differences,exact (all unless said)"),
    "require": ("NAMES", "oracles without which the session fails at its start"),
    "compare": ("FILE", "a recorded baseline: fail where gradients agree less than it says, or are no longer checked"),
    "case-seconds": ("N", "the time that one case may take; what takes longer is unavailable (300 unless said)"),
    "update": ("CATEGORIES", "of change to take over into the baseline, out of new,changed,removed"),
}
PRECISE = "an imprecise tensor fails: the right derivative by a formula that loses digits which its inputs have"
ORACLES = ("torch", "jax", "differences", "exact")  # those of `verdicts.parties`, which takes long to import
NEEDS: Mapping[str, lazy.LazyModule] = {"torch": lazy.torch, "jax": lazy.jax, "exact": lazy.flint}


FORCE = "replace the page, or the baseline, though backcheck did not write the file that stands there"
NO_COVERAGE = "do not count the lines of the code under test that the drawn cases reach"
FIX = "look for the edit that makes each wrong gradient right, ten seconds for each, and say it with the failure"
FLAGS: Mapping[str, str] = {"precise": PRECISE, "no-coverage": NO_COVERAGE, "force": FORCE, "fix": FIX}
MEMBERS = {"profile": "profile", "update": "category"}  # what the names of an option are names of, if not oracles
MOST_DIGITS = 20  # of a seed


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says, or else the configuration file."""

    report: Path | None
    require: tuple[str, ...]
    asked: Asked
    compare: Path | None = None
    update: tuple[str, ...] = ()
    force: bool = False
    fix: bool = False


def declare(parser: pytest.Parser) -> None:
    group = parser.getgroup("backcheck", "gradients, checked by backcheck")
    for name, (metavar, words) in OPTIONS.items():
        group.addoption(f"--backcheck-{name}", dest=_key(name), metavar=metavar, help=words)
        parser.addini(_key(name), f"as --backcheck-{name}: {words}", default="")
    for name, words in FLAGS.items():
        group.addoption(f"--backcheck-{name}", dest=_key(name), action="store_true", help=words)
    parser.addini("backcheck_precise", f"as --backcheck-precise: {PRECISE}", type="bool", default=False)


def read(config: pytest.Config) -> Options:
    """Raises UsageError, with what came and what is known."""
    profile = _said(config, "profile") or "pr"
    _require_known("profile", (profile,), PROFILES)
    oracles, required = _names(config, "oracles"), _names(config, "require")
    if idle := [name for name in required if oracles and name not in oracles]:
        raise pytest.UsageError(f"backcheck-require: {idle[0]} is not among the oracles to ask, {', '.join(oracles)}")
    precise = bool(config.getoption("backcheck_precise") or config.getini("backcheck_precise"))
    counts = not config.getoption("backcheck_no_coverage")
    asked = Asked(profile, _seed(config, profile), oracles or None, precise, _seconds(config), counts)
    force, fix = bool(config.getoption("backcheck_force")), bool(config.getoption("backcheck_fix"))
    return Options(_page(config), required, asked, *_baseline(config, profile), force=force, fix=fix)


def _baseline(config: pytest.Config, profile: str) -> tuple[Path | None, tuple[str, ...]]:
    """The baseline and what to take over into it. Only draws that are the same every time can be compared."""
    file, update = _path(config, "compare"), _names(config, "update", tuple(LineChange))
    if update and file is None:
        raise pytest.UsageError("backcheck-update: say which baseline is to be updated, with --backcheck-compare=FILE")
    if file is not None and profile != "pr":
        raise pytest.UsageError(f"backcheck-compare: profile {profile} draws anew each time; a baseline takes pr")
    return file, update


def _seed(config: pytest.Config, profile: str) -> int:
    said = _said(config, "seed")
    if said and not (said.isdecimal() and len(said) <= MOST_DIGITS):
        came = repr(said) if len(said) <= MOST_DIGITS else f"{said[:MOST_DIGITS]!r}... ({len(said)} characters)"
        raise pytest.UsageError(f"backcheck-seed: {came} came; a whole number of 1 to {MOST_DIGITS} digits is expected")
    return int(said) if said else 0 if profile == "pr" else secrets.randbelow(2**32)


def _seconds(config: pytest.Config) -> float:
    said = _said(config, "case-seconds")
    try:
        seconds = float(said or CASE_SECONDS)
        require_seconds("backcheck-case-seconds", seconds)
    except ValueError:
        raise pytest.UsageError(f"backcheck-case-seconds: {said!r} came; a number above 0 is expected") from None
    return seconds


def _said(config: pytest.Config, name: str) -> str:
    return str(config.getoption(_key(name)) or config.getini(_key(name))).strip()


def _key(name: str) -> str:
    """What the option is called in the configuration file."""
    return f"backcheck_{name.replace('-', '_')}"


def _names(config: pytest.Config, which: str, known: Collection[str] = ORACLES) -> tuple[str, ...]:
    names = tuple(name.strip() for name in _said(config, which).split(",") if name.strip())
    _require_known(which, names, known)
    return names


def _require_known(what: str, names: Iterable[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise pytest.UsageError(f"backcheck-{what}: {unknown(MEMBERS.get(what, 'oracle'), name, known)}")


def _page(config: pytest.Config) -> Path | None:
    """The page's path. Where PATH was forgotten, pytest takes the next test for it."""
    page, said = _path(config, "report"), _said(config, "report")
    if said == "-":
        raise pytest.UsageError("backcheck-report: standard output is pytest's own; give the page a file")
    if page is not None and ("::" in said or page.suffix == ".py" or not page.name):
        raise pytest.UsageError(f"backcheck-report: PATH is a file for the page, and {said!r} came; was PATH left out?")
    return page


def _path(config: pytest.Config, name: str) -> Path | None:
    """A path on the command line begins where pytest was called, one in the configuration file at its root folder."""
    said = _said(config, name)
    base = config.invocation_params.dir if config.getoption(f"backcheck_{name}") else config.rootpath
    return base / said if said else None


def missing_oracles(required: Iterable[str]) -> list[str]:
    """Why required oracles cannot answer here, a sentence for each that cannot."""
    found = []
    for name in required:
        try:
            if name in NEEDS:
                NEEDS[name].load()
        except lazy.Unavailable as reason:
            found.append(f"{name} is required: {reason}")
    return found


def header(asked: Asked) -> str | None:
    """What differs from the defaults, with the options that draw the same again; None where nothing does."""
    again = f"--backcheck-profile={asked.profile} --backcheck-seed={asked.seed}"
    said = [f"profile {asked.profile}, seed {asked.seed} (again: {again})"] if asked.profile != "pr" else []
    said += [f"oracles {', '.join(asked.oracles)}"] if asked.oracles else []
    said += ["precise"] if asked.precise else []
    return f"backcheck: {'; '.join(said)}" if said else None
