"""The options of `backcheck baseline`."""

import sys
from pathlib import Path
from typing import Any

import click

from backcheck.commands.options.shared import commands, dtypes, json_option, names, oracles, rules, seed, workers

BASELINE_FILE = "baselines/gradients.txt"


@commands.group()
def baseline() -> None:
    """Record how far each gradient agrees, and compare later. The record is a text file in the repository."""


_file = click.option("--file", default=BASELINE_FILE, show_default=True, help="The baseline, a text file to commit.")
_only_rules = click.option("--rules", "only", callback=names, help="Only these rules: a partial run.")
_error_floor = click.option(
    "--floor", default=4.0, show_default=True, help="Ulps by which an error may grow from nothing."
)
_no_default_out = click.option("--out", help="A folder for the records and a page.")


@baseline.command()
@_file
@click.option("--cases", default=12, show_default=True, help="Cases of every rule and dtype.")
@seed("The same seed draws the same cases.")
@rules
@dtypes("float64,float32")
@oracles
@click.option("--subject", help="MODULE:ATTR, as for verify.")
@workers
@_no_default_out
@json_option
def save(file: str, workers: int, out: str | None, as_json: bool, **plan: Any) -> None:
    """Check every rule and write the baseline. Its history gets one more line."""
    from backcheck.commands.baseline import save
    from backcheck.regression.baseline.file import BaselinePlan

    sys.exit(save(Path(file), BaselinePlan(**plan), workers, out, as_json))


@baseline.command(name="compare")
@_file
@_only_rules
@_error_floor
@click.option("--strict-env", is_flag=True, help="Exit 3 in another environment than the baseline's.")
@workers
@_no_default_out
@json_option
def compare_with_baseline(file: str, **options: Any) -> None:
    """Run the baseline's recipe again and compare. What is worse or missing fails; what is new is a notice."""
    from backcheck.commands.baseline import compare

    sys.exit(compare(Path(file), **options))


@baseline.command()
@click.argument("categories", callback=names)
@_file
@_only_rules
@_error_floor
@workers
@json_option
def accept(file: str, **options: Any) -> None:
    """Take over changes into the baseline. CATEGORIES: new,changed,removed. A disagreement is never taken over."""
    from backcheck.commands.baseline import accept

    sys.exit(accept(Path(file), **options))
