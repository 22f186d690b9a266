"""The options of `backcheck summary`."""

import click

from backcheck.commands.options.shared import OUT, commands


@commands.command()
@click.argument("folder", default=OUT)
def summary(folder: str) -> int:
    """Print the run in FOLDER in Markdown, for a CI job. The exit code is 0, whatever the run has found."""
    from backcheck.commands.summary import summary

    return summary(folder)
