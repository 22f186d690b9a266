"""The options of `backcheck baseline`."""

from pathlib import Path
from typing import Any

import click

from backcheck.commands.options.shared import (
    Commands,
    commands,
    dtypes,
    filled,
    json_option,
    names,
    oracles,
    rules,
    seed,
    workers,
)

BASELINE_FILE = "baselines/gradients.txt"


@commands.group(cls=Commands)
def baseline() -> None:
    """Record how far each gradient agrees, and compare later. The record is a text file in the repository."""


_file = click.option(
    "--file", default=BASELINE_FILE, show_default=True, callback=filled, help="The baseline, a text file to commit."
)
_named_subject = click.option(
    "--subject", callback=filled, help="The subject that the baseline was saved with: no other code is imported."
)
_only_rules = click.option("--rules", "only", callback=names, help="Only these rules: a partial run.")


def _ulps(context: click.Context, parameter: click.Parameter, value: float) -> float:
    if not value >= 0:
        raise click.BadParameter(f"a number of ulps, 0 or more, is expected; got {value}")
    return value


_error_floor = click.option(
    "--floor", default=4.0, show_default=True, callback=_ulps, help="Ulps by which an error may grow from nothing."
)
_no_default_out = click.option("--out", callback=filled, help="A folder for the records and a page.")


@baseline.command()
@_file
@click.option("--cases", default=12, show_default=True, help="Cases of every rule and dtype.")
@seed("The same seed draws the same cases.")
@rules
@dtypes("float64,float32")
@oracles
@click.option("--subject", callback=filled, help="MODULE:ATTR, as for compare.")
@workers
@_no_default_out
@click.option("--force", is_flag=True, help="Replace the file though it is no baseline.")
@json_option
def save(file: str, workers: int | None, out: str | None, force: bool, as_json: bool, **plan: Any) -> int:
    """Check every rule and write the baseline. Its history gets one more line."""
    from backcheck.commands.baseline import save
    from backcheck.regression.baseline.file import BaselinePlan

    return save(Path(file), BaselinePlan(**plan), workers, out, force, as_json)


@baseline.command(name="compare")
@_file
@_named_subject
@_only_rules
@_error_floor
@click.option("--fail-new", is_flag=True, help="A line that the baseline has not fails too, as for CI.")
@click.option("--strict-env", is_flag=True, help="Exit 3 in another environment than the baseline's.")
@workers
@_no_default_out
@json_option
def compare_with_baseline(file: str, **options: Any) -> int:
    """Run the baseline's recipe again and compare. What is worse or missing fails; what is new is a notice."""
    from backcheck.commands.baseline import compare

    return compare(Path(file), **options)


@baseline.command()
@click.argument("categories", callback=names)
@_file
@_named_subject
@_only_rules
@click.option("--ask", is_flag=True, help="Show each change, and ask whether it is meant.")
@_error_floor
@workers
@json_option
def accept(file: str, **options: Any) -> int:
    """Take over changes into the baseline. CATEGORIES: new,changed,removed. A disagreement is never taken over."""
    from backcheck.commands.baseline import accept

    return accept(Path(file), **options)
