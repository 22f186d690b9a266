"""The options of `backcheck report`."""

import click

from backcheck.commands.options.shared import OUT, commands, filled, json_option


@commands.command()
@click.argument("folders", nargs=-1, metavar="[FOLDER] [NEWER]")
@click.option(
    "-o", "target", callback=filled, help="Where the file goes, - for standard output; into the folder unless said."
)
@click.option("--force", is_flag=True, help="Replace a file that backcheck did not write.")
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(["html", "json", "markdown", "junit", "csv", "parquet"]),
    help="html (the page) unless said; csv and parquet hold every record. May be given several times.",
)
@json_option
def report(folders: tuple[str, ...], formats: tuple[str, ...], target: str | None, force: bool, as_json: bool) -> int:
    """Rebuild the page from the records in FOLDER. The run may still go on. With NEWER, one page shows both runs."""
    from backcheck.commands.report import report

    return report(folders or (OUT,), formats, target, force, as_json)
