"""The options of `backcheck compare`."""

from typing import Any

import click

from backcheck.commands.options.shared import OUT, commands, dtypes, filled, json_option, names, rules, seed

COMPARISON_OUT = f"{OUT}/comparison"


@commands.command()
@click.option(
    "--against",
    metavar="REV",
    callback=filled,
    help="The old side: a git revision, a folder, or an installed distribution.",
)
@click.option(
    "--new", default=".", show_default=True, metavar="REV", callback=filled, help="The new side: the same choices."
)
@click.option("--subject", callback=filled, help="MODULE:ATTR or FILE.py:ATTR, as for verify.")
@click.option("--old-subject", callback=filled, help="The old side's subject, where it has another name there.")
@click.option("--networks", default=150, show_default=True, help="How many networks to draw.")
@seed("The same seed draws the same networks.")
@rules
@dtypes("float64,float32,float16,bfloat16")
@click.option("--expect", default="agree", show_default=True, help="'agree', or 'identical' to the bit.")
@click.option("--max-ulps", type=float, help="How far an entry may move, in ulps of its tensor's largest.")
@click.option("--max-slowdown", type=float, help="New time over old that is let pass, as in 1.1.")
@click.option("--max-memory", type=float, help="New peak of memory over old that is let pass.")
@click.option("--allow", callback=names, help="Categories of change that are let pass, separated by commas.")
@click.option("--bisect", metavar="REV", callback=filled, help="Find the commit after REV that brought what fails.")
@click.option("--build", metavar="COMMAND", callback=filled, help="What builds a revision, run in its folder.")
@click.option("--no-times", is_flag=True, help="Compare answers only.")
@click.option(
    "--out",
    default=COMPARISON_OUT,
    show_default=True,
    callback=filled,
    help="The folder of the outcome and its page.",
)
@json_option
def compare(**options: Any) -> int:
    """Say what a modification changed. Another revision answers beside the working tree, on the same arrays."""
    from backcheck.commands.compare import compare

    return compare(**options)
