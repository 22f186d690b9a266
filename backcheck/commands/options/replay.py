"""The options of `backcheck replay`."""

import sys

import click

from backcheck.commands.options.shared import commands, json_option, out_option


@commands.command()
@click.argument("case")
@out_option
@json_option
def replay(case: str, out: str, as_json: bool) -> None:
    """Check one CASE again and explain it. CASE is its identifier in the run folder, or a file with a case."""
    from backcheck.commands.replay import replay

    sys.exit(replay(case, out, as_json))
