"""The group of all commands, and the options that several of them have."""

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

OUT = "backcheck-out"
ALL_ORACLES = "torch,jax,differences,exact"

Command = TypeVar("Command", bound=Callable[..., Any] | click.Command)


def names(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in value.split(",") if name.strip()) if value else ()


def dtypes(default: str) -> Callable[[Command], Command]:
    words = "Which dtypes, separated by commas."
    return click.option("--dtype", "dtypes", default=default, show_default=True, callback=names, help=words)


def seed(words: str) -> Callable[[Command], Command]:
    return click.option("--seed", default=0, show_default=True, help=words)


rules = click.option("--rules", callback=names, help="Only these rules, separated by commas.")
oracles = click.option(
    "--oracles", default=ALL_ORACLES, show_default=True, callback=names, help="Which oracles, separated by commas."
)
workers = click.option("--workers", default=os.cpu_count() or 1, show_default=True, help="Processes to share the work.")
out_option = click.option("--out", default=OUT, show_default=True, help="The folder of the run and its page.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="backcheck")
def commands() -> None:
    """Is this gradient right? Verdicts on hand-written backward passes, without a tolerance to guess."""
