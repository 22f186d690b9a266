"""The options of `backcheck train`."""

from typing import Any

import click

from backcheck.commands.options.shared import commands, filled, json_option, oracles, out_option, seed


def sizes(context: click.Context, parameter: click.Parameter, value: str) -> tuple[int, ...]:
    try:
        return tuple(int(size) for size in value.split(","))
    except ValueError:
        raise click.BadParameter(f"layer sizes are whole numbers like 64,32,10; got {value!r}") from None


@commands.command()
@click.option(
    "--data",
    default="digits",
    show_default=True,
    callback=filled,
    help="'digits', or an .npz file with arrays x and y.",
)
@click.option(
    "--layers", "sizes", default="64,32,10", show_default=True, callback=sizes, help="Sizes, the input's first."
)
@click.option("--activation", default="sigmoid", show_default=True, help="sigmoid, tanh or identity, in every layer.")
@click.option("--eta", default=20.0, show_default=True, help="The learning rate of plain gradient descent.")
@click.option("--batch", default=8, show_default=True, help="How many examples one step takes.")
@click.option("--epochs", default=20, show_default=True, help="How often all examples are seen.")
@seed("Decides the split, the first weights and the order.")
@click.option(
    "--dtype",
    default="float64",
    show_default=True,
    type=click.Choice(["float64", "float32"]),
    help="Of the data and the network.",
)
@oracles
@out_option
@json_option
def train(**options: Any) -> int:
    """Train the textbook network and verify its gradients. That is done at the start, in the middle and at the end."""
    from backcheck.commands.train import train

    return train(**options)
