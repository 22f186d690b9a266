"""The group of all commands, and the options that several of them have."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from backcheck.errors import unknown
from backcheck.processes.memory import WORKER_MB
from backcheck.time_limit import CASE_SECONDS

OUT = "backcheck-out"
ALL_ORACLES = "torch,jax,differences,exact"
MOST_SEED = 2**64 - 1

Command = TypeVar("Command", bound=Callable[..., Any] | click.Command)


def names(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    """Names separated by commas, each once; none where the option is not given."""
    if value is None:
        return ()
    found = tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))
    if not found:
        raise click.BadParameter(f"a name or several, separated by commas, are expected; got {value!r}")
    return found


def filled(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """A path or a name, which is not empty: an empty one would be taken for the current folder."""
    if value is not None and not value.strip():
        raise click.BadParameter(f"a name is expected; got {value!r}")
    return value


def some(context: click.Context, parameter: click.Parameter, value: int | None) -> int | None:
    if value is not None and value < 1:
        raise click.BadParameter(f"{parameter.opts[0]} must be at least 1, got {value}")
    return value


def dtypes(default: str) -> Callable[[Command], Command]:
    words = "Which dtypes, separated by commas."
    return click.option("--dtype", "dtypes", default=default, show_default=True, callback=names, help=words)


def seed(words: str) -> Callable[[Command], Command]:
    numbers = click.IntRange(0, MOST_SEED)
    return click.option("--seed", default=0, show_default="0", type=numbers, metavar="N", help=words)


rules = click.option("--rules", callback=names, help="Only these rules, separated by commas.")
oracles = click.option(
    "--oracles", default=ALL_ORACLES, show_default=True, callback=names, help="Which oracles, separated by commas."
)
workers = click.option(
    "--workers",
    type=int,
    callback=some,
    help="Processes to share the work.  [default: as many as the cores and the memory allow]",
)
case_seconds = click.option(
    "--case-seconds", default=CASE_SECONDS, show_default=True, help="What takes longer is unavailable, and no verdict."
)
worker_memory = click.option(
    "--worker-memory",
    default=WORKER_MB,
    show_default=True,
    help="MB of memory for one process. A case that takes more is unavailable.",
)
out_option = click.option(
    "--out", default=OUT, show_default=True, callback=filled, help="The folder of the run and its page."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")


class Commands(click.Group):
    """A group that says which command may have been meant."""

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and self.get_command(context, args[0]) is None:
            context.fail(unknown("command", args[0], self.list_commands(context)))
        return super().resolve_command(context, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="backcheck")
def commands() -> None:
    """Is this gradient right? Verdicts on hand-written backward passes, without a tolerance to guess."""
