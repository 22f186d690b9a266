"""The options of `backcheck verify`."""

from typing import Any

import click

from backcheck.commands.options.shared import (
    case_seconds,
    commands,
    dtypes,
    filled,
    json_option,
    oracles,
    out_option,
    rules,
    seed,
    worker_memory,
    workers,
)


@commands.command()
@click.option("--networks", type=int, help="How many networks to draw.  [default: 500; with --zoo each in each dtype]")
@seed("The same seed draws the same networks.")
@rules
@dtypes("float64,float32")
@oracles
@click.option("--order", default=1, show_default=True, help="2 verifies Hessian-vector products too.")
@click.option(
    "--subject", callback=filled, help="MODULE:ATTR, a table of (forward, backward) pairs that replace ours by name."
)
@click.option(
    "--zoo", is_flag=True, help="Verify named architectures, from LeNet-5 to a GPT block, in place of drawn networks."
)
@click.option(
    "--coverage/--no-coverage", "count_lines", default=True, help="Say which lines of the --subject no network reached."
)
@workers
@case_seconds
@worker_memory
@click.option("--resume", is_flag=True, help="Go on with the run in the folder: finished shards are kept.")
@click.option("--train", "with_training", is_flag=True, help="First train on the digits and verify that too.")
@out_option
@json_option
def verify(**options: Any) -> int:
    """Verify freshly drawn networks and write a page of verdicts."""
    from backcheck.commands.verify import verify

    return verify(**options)
