"""The options of `backcheck report`."""

import sys

import click

from backcheck.commands.options.shared import OUT, commands, json_option


@commands.command()
@click.argument("folders", nargs=-1, metavar="[FOLDER] [NEWER]")
@click.option("-o", "target", help="Where the file goes; into the folder unless said.")
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(["html", "json", "markdown", "junit", "csv", "parquet"]),
    help="html (the page) unless said; csv and parquet hold every record. May be given several times.",
)
@json_option
def report(folders: tuple[str, ...], formats: tuple[str, ...], target: str | None, as_json: bool) -> None:
    """Rebuild the page from the records in FOLDER. The run may still go on. With NEWER, one page shows both runs."""
    from backcheck.commands.report import report

    sys.exit(report(folders or (OUT,), formats, target, as_json))
