"""The options of `backcheck doctor`."""

import json

import click

from backcheck.commands.options.shared import commands, json_option


@commands.command()
@json_option
def doctor(as_json: bool) -> None:
    """Say what works here, and for what does not, why."""
    from backcheck.commands.doctor import examine_all, table

    found = examine_all()
    click.echo(json.dumps(found, indent=2) if as_json else table(found))
