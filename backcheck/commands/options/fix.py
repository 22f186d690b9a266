"""The options of `backcheck fix`."""

from typing import Any

import click

from backcheck.commands.options.shared import commands, filled, json_option, rules, seed

SECONDS, DRAWS = 10.0, 200


@commands.command()
@click.argument("subject", callback=filled)
@rules
@click.option("--seconds", default=SECONDS, show_default=True, help="How long edits of one rule are tried.")
@click.option("--draws", default=DRAWS, show_default=True, help="On how many drawn cases a fix is proved.")
@seed("The same seed draws the same cases.")
@click.option("--apply", is_flag=True, help="Write the edit into the file, if git has all of what stands there.")
@json_option
def fix(**options: Any) -> int:
    """Look for the edit that makes a wrong backward right.

    SUBJECT is MODULE:ATTR as in `backcheck verify --subject`, a table of (forward, backward) pairs. Each rule is drawn
    until it fails. The edit is shown with the draws that it was proved on, and no file is changed without --apply.
    """
    from backcheck.commands.fix import fix

    return fix(**options)
