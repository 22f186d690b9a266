"""What each command takes, a file for each command. What a command needs is imported when it runs: --help is quick."""

from backcheck.commands.options import (
    baseline,
    compare,
    doctor,
    fix,
    gallery,
    power,
    replay,
    report,
    summary,
    train,
    verify,
)
from backcheck.commands.options.shared import OUT, commands

__all__ = [
    "OUT",
    "baseline",
    "commands",
    "compare",
    "doctor",
    "fix",
    "gallery",
    "power",
    "replay",
    "report",
    "summary",
    "train",
    "verify",
]
