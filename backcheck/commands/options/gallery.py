"""The options of `backcheck gallery`."""

import click

from backcheck.commands import terminal
from backcheck.commands.options.shared import commands, dtypes, json_option, names


@commands.command()
@dtypes("bfloat16,float16")
@click.option("--only", callback=names, help="Only these operations, separated by commas.")
@json_option
def gallery(dtypes: tuple[str, ...], only: tuple[str, ...], as_json: bool) -> None:
    """Say which precision PyTorch's own operations keep."""
    from backcheck.gallery.kept_precision import as_json_rows, lines, observe

    found = list(observe(dtypes, only))
    terminal.show_json(as_json_rows(found)) if as_json else terminal.show(lines(found, dtypes))
