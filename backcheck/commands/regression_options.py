"""The commands `compare` and `baseline` of the command line: their options, and nothing heavy."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

EVERY = "float64,float32,float16,bfloat16"
OUT = "backcheck-out/comparison"


def names(context: Any, parameter: Any, value: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in value.split(",") if name.strip()) if value else ()


def _drawing(command: Callable[..., Any]) -> Callable[..., Any]:
    """What both commands take."""
    for option in (
        click.option("--seed", default=0, show_default=True, help="The same seed draws the same networks."),
        click.option("--rules", callback=names, help="Only these rules, separated by commas."),
        click.option("--subject", help="MODULE:ATTR or FILE.py:ATTR, as for verify."),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else."),
    ):
        command = option(command)
    return command


@click.command()
@click.option("--against", metavar="REV", help="The old side: a git revision, a folder, or an installed distribution.")
@click.option("--new", default=".", show_default=True, metavar="REV", help="The new side: the same choices.")
@click.option("--old-subject", help="The old side's subject, where it has another name there.")
@click.option("--networks", default=150, show_default=True, help="How many networks to draw.")
@click.option("--dtype", "dtypes", default=EVERY, show_default=True, callback=names)
@click.option("--expect", default="agree", show_default=True, help="'agree', or 'identical' to the bit.")
@click.option("--max-ulps", type=float, help="How far an entry may move, in ulps of its tensor's largest.")
@click.option("--max-slowdown", type=float, help="New time over old that is let pass, as in 1.1.")
@click.option("--max-memory", type=float, help="New peak of memory over old that is let pass.")
@click.option("--allow", callback=names, help="Categories of change that are let pass, separated by commas.")
@click.option("--bisect", metavar="REV", help="Find the commit after REV that changed --rules.")
@click.option("--no-times", is_flag=True, help="Compare answers only.")
@click.option("--out", default=OUT, show_default=True, help="The folder of the outcome and its page.")
@_drawing
def compare(**options: Any) -> None:
    """Say what a modification changed: another revision beside the working tree, on the same networks and arrays."""
    from backcheck.commands import compare as commands

    sys.exit(commands.compare(**options))


FILE = "baselines/gradients.txt"


@click.group()
def baseline() -> None:
    """How far each gradient agreed, kept as a text file in the repository: save, compare, accept."""


def _running(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--file", default=FILE, show_default=True, help="The baseline, a text file to commit."),
        click.option("--workers", default=os.cpu_count() or 1, show_default=True, help="Processes to share the work."),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else."),
    ):
        command = option(command)
    return command


_only = click.option("--rules", "only", callback=names, help="Only these rules: a partial run.")
_floor = click.option("--floor", default=4.0, show_default=True, help="Ulps by which an error may grow from nothing.")
_out = click.option("--out", help="A folder for the records and a page.")


@baseline.command()
@click.option("--cases", default=12, show_default=True, help="Cases of every rule and dtype.")
@click.option("--seed", default=0, show_default=True, help="The same seed draws the same cases.")
@click.option("--rules", callback=names, help="Only these rules, separated by commas.")
@click.option("--dtype", "dtypes", default="float64,float32", show_default=True, callback=names)
@click.option("--oracles", default="torch,jax,differences,exact", show_default=True, callback=names)
@click.option("--subject", help="MODULE:ATTR, as for verify.")
@_out
@_running
def save(file: str, workers: int, out: str | None, as_json: bool, **plan: Any) -> None:
    """Check every rule and write the baseline, and one line of its history."""
    from backcheck.commands import baseline as commands
    from backcheck.regression.baseline.lines import Plan

    sys.exit(commands.save(Path(file), Plan(**plan), workers, out, as_json))


@baseline.command(name="compare")
@click.option("--strict-env", is_flag=True, help="Exit 3 in another environment than the baseline's.")
@_only
@_floor
@_out
@_running
def compare_with(file: str, **options: Any) -> None:
    """Run the baseline's recipe again; say what is worse, what is missing and what is new."""
    from backcheck.commands import baseline as commands

    sys.exit(commands.compare(Path(file), **options))


@baseline.command()
@click.argument("categories", callback=names)
@_only
@_floor
@_running
def accept(file: str, **options: Any) -> None:
    """Take over CATEGORIES of change, out of new,changed,removed; a disagreement is never taken over."""
    from backcheck.commands import baseline as commands

    sys.exit(commands.accept(Path(file), **options))
