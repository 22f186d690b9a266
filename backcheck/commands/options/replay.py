"""The options of `backcheck replay`."""

import click

from backcheck.commands.options.shared import case_seconds, commands, filled, json_option, out_option


@commands.command()
@click.argument("case")
@case_seconds
@out_option
@click.option("--subject", callback=filled, help="MODULE:ATTR, as for verify: whose code is to be imported and judged.")
@click.option("--fix", "with_fix", is_flag=True, help="Look for the edit that makes it right.")
@json_option
def replay(case: str, out: str, subject: str | None, case_seconds: float, with_fix: bool, as_json: bool) -> int:
    """Check one CASE again and explain it. CASE is its identifier in the run folder, or a file with a case."""
    from backcheck.commands.replay import replay

    return replay(case, out, subject, case_seconds, as_json, with_fix)
