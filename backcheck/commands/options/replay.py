"""The options of `backcheck replay`."""

import click

from backcheck.commands.options.shared import case_seconds, commands, filled, json_option, out_option


@commands.command()
@click.argument("case")
@case_seconds
@out_option
@click.option("--subject", callback=filled, help="MODULE:ATTR, as for verify: whose code is to be imported and judged.")
@json_option
def replay(case: str, out: str, subject: str | None, case_seconds: float, as_json: bool) -> int:
    """Check one CASE again and explain it. CASE is its identifier in the run folder, or a file with a case."""
    from backcheck.commands.replay import replay

    return replay(case, out, subject, case_seconds, as_json)
