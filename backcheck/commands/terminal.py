"""The one place where the command line prints."""

import json
import os
import select
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import click

from backcheck.errors import AGREE, COULD_NOT
from backcheck.printable import printable, printable_lines

COLOURS = {
    "WRONG": "red", "DISAGREE": "red", "FAILS": "red", "SHAPE": "red", "SIDE EFFECT": "red", "WORSE": "red",
    "AGREE": "green", "All ": "green", "No disagreement found": "green", "KINK": "yellow", "CONVENTION": "yellow",
    "IMPRECISE": "yellow", "UNAVAILABLE": "yellow", "notice": "yellow",
}  # fmt: skip
_LOST: list[str] = []  # why standard output did not take all that was printed


def show(lines: Iterable[str], *, aside: bool = False) -> None:
    """Print lines, of whatever text; `aside` on standard error, where standard output holds a file."""
    _print("\n".join(coloured(printable(line)) for line in lines), aside)


def coloured(line: str) -> str:
    """With the verdict that a line begins with in colour. A pipe or a file gets none: click takes it out.

    https://no-color.org: nobody who sets NO_COLOR wants any.
    """
    word = next((word for word in COLOURS if line.startswith(word)), "")
    if not word or os.environ.get("NO_COLOR"):
        return line
    return f"{click.style(word, fg=COLOURS[word], bold=True)}{line.removeprefix(word)}"


def show_json(value: Any, *, aside: bool = False) -> None:
    """Print one JSON object. JSON writes a character that a terminal would obey as an escape."""
    _print(json.dumps(value, indent=2, allow_nan=False), aside)


def complain(text: str) -> None:
    """Say on standard error why a command ends."""
    _print(f"Error: {printable_lines(text)}", True)


def _print(text: str, aside: bool) -> None:
    try:
        click.echo(text, err=aside)
    except OSError as error:
        if not aside:
            _LOST.append(_reason(error))
            _silence()


def _reason(error: OSError) -> str:
    return "its reader has gone" if isinstance(error, BrokenPipeError) else str(error.strerror or error)


def _silence() -> None:
    """Nothing more goes to standard output, or Python would end with an error of its own when it empties its buffer."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def prepare() -> None:
    """A character that the terminal's encoding does not have is printed as an escape, and is no error."""
    _LOST.clear()
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


def reader_gone() -> bool:
    """Is it standard output that nobody reads? Something else than this module met a pipe without a reader."""
    try:
        if hasattr(select, "poll"):
            (asked := select.poll()).register(sys.stdout.fileno(), 0)
            if not asked.poll(0):
                return False
    except (OSError, ValueError, AttributeError):  # no standard output, or one without a file
        return False
    _LOST.append(_reason(BrokenPipeError()))
    _silence()
    return True


def finish(code: int) -> int:
    """The exit code: what was not said is not agreed upon."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        _LOST.append(_reason(error))
        _silence()
    if _LOST:
        complain(f"standard output did not take all that was printed: {_LOST[0]}")
    return COULD_NOT if _LOST and code == AGREE else code
