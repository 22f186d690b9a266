"""The command line. Exit codes: 0 all agree, 1 a disagreement, 2 wrong use, 3 could not check, 130 interrupted."""

import json
import os
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import click

from backcheck.commands import regression_options as regression
from backcheck.errors import AGREE, COULD_NOT, INTERRUPTED, USAGE, BackcheckError

OUT = "backcheck-out"
LEAVES = {"backcheck_reference", "backcheck_reports", "scratch_bp"}  # they import nothing of backcheck


def _names(context: Any, parameter: Any, value: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in value.split(",") if name.strip()) if value else ()


def _sizes(context: Any, parameter: Any, value: str) -> tuple[int, ...]:
    try:
        return tuple(int(size) for size in value.split(","))
    except ValueError:
        raise click.BadParameter(f"layer sizes are whole numbers like 64,32,10; got {value!r}") from None


out_option = click.option("--out", default=OUT, show_default=True, help="The folder of the run and its page.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="backcheck")
def commands() -> None:
    """Is this gradient right? Verdicts on hand-written backward passes, without a tolerance to guess."""


@commands.command()
@click.option("--networks", type=int, help="How many networks to draw.  [default: 500; with --zoo each in each dtype]")
@click.option("--seed", default=0, show_default=True, help="The same seed draws the same networks.")
@click.option("--rules", callback=_names, help="Only these rules, separated by commas.")
@click.option("--dtype", "dtypes", default="float64,float32", show_default=True, callback=_names)
@click.option("--oracles", default="torch,jax,differences,exact", show_default=True, callback=_names)
@click.option("--order", default=1, show_default=True, help="2 verifies Hessian-vector products too.")
@click.option("--subject", help="MODULE:ATTR, a table of (forward, backward) pairs that replace ours by name.")
@click.option(
    "--zoo", is_flag=True, help="Verify named architectures, from LeNet-5 to a GPT block, in place of drawn networks."
)
@click.option("--workers", default=os.cpu_count() or 1, show_default=True, help="Processes to share the work.")
@click.option("--resume", is_flag=True, help="Go on with the run in the folder: finished shards are kept.")
@click.option("--train", "with_training", is_flag=True, help="First train on the digits and verify that too.")
@out_option
@json_option
def verify(**options: Any) -> None:
    """Verify freshly drawn networks and write a page of verdicts."""
    from backcheck.commands.verify import verify

    sys.exit(verify(**options))


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
    """Rebuild the page from the records in FOLDER, of a run that goes on too; two folders lay two runs side by side."""
    from backcheck.commands.report import report

    sys.exit(report(folders or (OUT,), formats, target, as_json))


@commands.command()
@click.argument("case")
@out_option
@json_option
def replay(case: str, out: str, as_json: bool) -> None:
    """Check one CASE again and explain it: the identifier of a case in the run folder, or a file with a case."""
    from backcheck.commands.replay import replay

    sys.exit(replay(case, out, as_json))


@commands.command()
@click.option("--data", default="digits", show_default=True, help="'digits', or an .npz file with arrays x and y.")
@click.option("--layers", "sizes", default="64,32,10", show_default=True, callback=_sizes)
@click.option("--activation", default="sigmoid", show_default=True, help="sigmoid, tanh or identity, in every layer.")
@click.option("--eta", default=20.0, show_default=True, help="The learning rate of plain gradient descent.")
@click.option("--batch", default=8, show_default=True)
@click.option("--epochs", default=20, show_default=True)
@click.option("--seed", default=0, show_default=True, help="Decides the split, the first weights and the order.")
@click.option("--dtype", default="float64", show_default=True, type=click.Choice(["float64", "float32"]))
@click.option("--oracles", default="torch,jax,differences,exact", show_default=True, callback=_names)
@out_option
@json_option
def train(**options: Any) -> None:
    """Train the textbook network on real data and verify its gradients at the start, in the middle and at the end."""
    from backcheck.commands.train import train

    sys.exit(train(**options))


@commands.command()
@json_option
def doctor(as_json: bool) -> None:
    """Say what works here, and for what does not, why."""
    from backcheck.commands.doctor import examine_all, table

    found = examine_all()
    click.echo(json.dumps(found, indent=2) if as_json else table(found))


commands.add_command(regression.compare)
commands.add_command(regression.baseline)


def main() -> NoReturn:
    """Run the command line; every failure that a person can mend is one sentence and no traceback."""
    _guarded(lambda: commands(standalone_mode=False))


def _guarded(run: Callable[[], Any]) -> NoReturn:
    try:
        run()
    except SystemExit:
        raise
    except click.exceptions.Exit as exit_:
        sys.exit(exit_.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(USAGE)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted; what was made is kept and report shows it, --resume goes on from it", err=True)
        sys.exit(INTERRUPTED)
    except BackcheckError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_code)
    except ModuleNotFoundError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(COULD_NOT)
    except ValueError as error:
        if not _is_ours(error):
            raise
        click.echo(f"Error: {error}", err=True)
        sys.exit(USAGE)
    sys.exit(AGREE)


def _is_ours(error: ValueError) -> bool:
    """Does it come from one of the leaves? Those say what to do; any other is a bug and keeps its traceback."""
    return type(error).__module__.partition(".")[0] in LEAVES
