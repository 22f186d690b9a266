"""The options of `backcheck power`."""

from typing import Any

import click

from backcheck.commands.options.shared import (
    case_seconds,
    commands,
    filled,
    json_option,
    names,
    rules,
    seed,
    worker_memory,
    workers,
)

OUT = "backcheck-power"


@commands.command()
@click.option("--networks", default=2000, show_default=True, help="How many networks a fault has to survive.")
@click.option("--quick", is_flag=True, help="One fault of each kind, each with 50 networks of its rule alone.")
@seed("The same seed draws the same networks.")
@rules
@click.option("--faults", callback=names, help="Only faults of these kinds, separated by commas.")
@workers
@case_seconds
@worker_memory
@click.option("--out", default=OUT, show_default=True, callback=filled, help="The folder of the run and its page.")
@json_option
def power(**options: Any) -> int:
    """Plant known faults and say how soon a run finds each."""
    from backcheck.commands.power import power

    return power(**options)
