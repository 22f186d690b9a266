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
    some,
    worker_memory,
    workers,
)

OUT = "backcheck-power"


@commands.command()
@click.option("--networks", default=2000, show_default=True, help="How many networks a fault has to survive.")
@click.option("--quick", is_flag=True, help="One fault of each kind, each with 50 networks of its rule alone.")
@seed("The same seed draws the same networks.")
@rules
@click.argument("subject", required=False, callback=filled)
@click.option("--mutants", type=int, callback=some, help="So many automatic mutants in place of the catalogue.")
@click.option("--faults", callback=names, help="Only faults of these kinds, separated by commas.")
@workers
@case_seconds
@worker_memory
@click.option("--out", default=OUT, show_default=True, callback=filled, help="The folder of the run and its page.")
@json_option
def power(**options: Any) -> int:
    """Plant known faults and say how soon a run finds each.

    With SUBJECT, MODULE:ATTR as in `backcheck verify --subject`, the backward passes of that table are broken, each in
    MUTANTS ways, and fuzzed by `verify_rule`: how much is its agreement worth?
    """
    from backcheck.commands.power import power

    return power(**options)
