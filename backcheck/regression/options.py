"""The commands `compare` and `baseline` of the command line: their options, and nothing heavy."""

import sys
from collections.abc import Callable
from typing import Any

import click

EVERY = "float64,float32,float16,bfloat16"
OUT = "reports/out/comparison"


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
@click.option("--networks", default=200, show_default=True, help="How many networks to draw.")
@click.option("--dtype", "dtypes", default=EVERY, show_default=True, callback=names)
@click.option("--expect", default="agree", show_default=True, help="'agree', or 'identical' to the bit.")
@click.option("--max-ulps", type=float, help="How far an entry may move, in ulps of its tensor's largest.")
@click.option("--max-slowdown", type=float, help="New time over old that is let pass, as in 1.1.")
@click.option("--max-memory", type=float, help="New peak of memory over old that is let pass.")
@click.option("--allow", callback=names, help="Categories of change that are let pass, separated by commas.")
@click.option("--no-times", is_flag=True, help="Compare answers only.")
@click.option("--out", default=OUT, show_default=True, help="The folder of the outcome and its page.")
@_drawing
def compare(**options: Any) -> None:
    """Say what a modification changed: another revision beside the working tree, on the same networks and arrays."""
    from backcheck.regression import commands

    sys.exit(commands.compare(**options))
