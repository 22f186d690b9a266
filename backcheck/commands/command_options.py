"""The commands and their options. Each command imports what it needs when it is called, so that --help is quick."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

OUT = "backcheck-out"
COMPARISON_OUT = f"{OUT}/comparison"
BASELINE_FILE = "baselines/gradients.txt"
ALL_ORACLES = "torch,jax,differences,exact"

Command = TypeVar("Command", bound=Callable[..., Any] | click.Command)


def _names(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in value.split(",") if name.strip()) if value else ()


def _sizes(context: click.Context, parameter: click.Parameter, value: str) -> tuple[int, ...]:
    try:
        return tuple(int(size) for size in value.split(","))
    except ValueError:
        raise click.BadParameter(f"layer sizes are whole numbers like 64,32,10; got {value!r}") from None


def _dtypes(default: str) -> Callable[[Command], Command]:
    words = "Which dtypes, separated by commas."
    return click.option("--dtype", "dtypes", default=default, show_default=True, callback=_names, help=words)


def _seed(words: str) -> Callable[[Command], Command]:
    return click.option("--seed", default=0, show_default=True, help=words)


_rules = click.option("--rules", callback=_names, help="Only these rules, separated by commas.")
_oracles = click.option(
    "--oracles", default=ALL_ORACLES, show_default=True, callback=_names, help="Which oracles, separated by commas."
)
_workers = click.option(
    "--workers", default=os.cpu_count() or 1, show_default=True, help="Processes to share the work."
)
_out = click.option("--out", default=OUT, show_default=True, help="The folder of the run and its page.")
_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="backcheck")
def commands() -> None:
    """Is this gradient right? Verdicts on hand-written backward passes, without a tolerance to guess."""


@commands.command()
@click.option("--networks", type=int, help="How many networks to draw.  [default: 500; with --zoo each in each dtype]")
@_seed("The same seed draws the same networks.")
@_rules
@_dtypes("float64,float32")
@_oracles
@click.option("--order", default=1, show_default=True, help="2 verifies Hessian-vector products too.")
@click.option("--subject", help="MODULE:ATTR, a table of (forward, backward) pairs that replace ours by name.")
@click.option(
    "--zoo", is_flag=True, help="Verify named architectures, from LeNet-5 to a GPT block, in place of drawn networks."
)
@_workers
@click.option("--resume", is_flag=True, help="Go on with the run in the folder: finished shards are kept.")
@click.option("--train", "with_training", is_flag=True, help="First train on the digits and verify that too.")
@_out
@_json
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
@_json
def report(folders: tuple[str, ...], formats: tuple[str, ...], target: str | None, as_json: bool) -> None:
    """Rebuild the page from the records in FOLDER. The run may still go on. With NEWER, one page shows both runs."""
    from backcheck.commands.report import report

    sys.exit(report(folders or (OUT,), formats, target, as_json))


@commands.command()
@click.argument("folder", default=OUT)
def summary(folder: str) -> None:
    """Print the run in FOLDER in Markdown, for a CI job. The exit code is 0, whatever the run has found."""
    from backcheck.commands.summary import summary

    sys.exit(summary(folder))


@commands.command()
@click.argument("case")
@_out
@_json
def replay(case: str, out: str, as_json: bool) -> None:
    """Check one CASE again and explain it. CASE is its identifier in the run folder, or a file with a case."""
    from backcheck.commands.replay import replay

    sys.exit(replay(case, out, as_json))


@commands.command()
@click.option("--data", default="digits", show_default=True, help="'digits', or an .npz file with arrays x and y.")
@click.option(
    "--layers", "sizes", default="64,32,10", show_default=True, callback=_sizes, help="Sizes, the input's first."
)
@click.option("--activation", default="sigmoid", show_default=True, help="sigmoid, tanh or identity, in every layer.")
@click.option("--eta", default=20.0, show_default=True, help="The learning rate of plain gradient descent.")
@click.option("--batch", default=8, show_default=True, help="How many examples one step takes.")
@click.option("--epochs", default=20, show_default=True, help="How often all examples are seen.")
@_seed("Decides the split, the first weights and the order.")
@click.option(
    "--dtype",
    default="float64",
    show_default=True,
    type=click.Choice(["float64", "float32"]),
    help="Of the data and the network.",
)
@_oracles
@_out
@_json
def train(**options: Any) -> None:
    """Train the textbook network and verify its gradients. That is done at the start, in the middle and at the end."""
    from backcheck.commands.train import train

    sys.exit(train(**options))


@commands.command()
@_json
def doctor(as_json: bool) -> None:
    """Say what works here, and for what does not, why."""
    from backcheck.commands.doctor import examine_all, table

    found = examine_all()
    click.echo(json.dumps(found, indent=2) if as_json else table(found))


@commands.command()
@click.option("--against", metavar="REV", help="The old side: a git revision, a folder, or an installed distribution.")
@click.option("--new", default=".", show_default=True, metavar="REV", help="The new side: the same choices.")
@click.option("--subject", help="MODULE:ATTR or FILE.py:ATTR, as for verify.")
@click.option("--old-subject", help="The old side's subject, where it has another name there.")
@click.option("--networks", default=150, show_default=True, help="How many networks to draw.")
@_seed("The same seed draws the same networks.")
@_rules
@_dtypes("float64,float32,float16,bfloat16")
@click.option("--expect", default="agree", show_default=True, help="'agree', or 'identical' to the bit.")
@click.option("--max-ulps", type=float, help="How far an entry may move, in ulps of its tensor's largest.")
@click.option("--max-slowdown", type=float, help="New time over old that is let pass, as in 1.1.")
@click.option("--max-memory", type=float, help="New peak of memory over old that is let pass.")
@click.option("--allow", callback=_names, help="Categories of change that are let pass, separated by commas.")
@click.option("--bisect", metavar="REV", help="Find the commit after REV that changed --rules.")
@click.option("--no-times", is_flag=True, help="Compare answers only.")
@click.option("--out", default=COMPARISON_OUT, show_default=True, help="The folder of the outcome and its page.")
@_json
def compare(**options: Any) -> None:
    """Say what a modification changed. Another revision answers beside the working tree, on the same arrays."""
    from backcheck.commands.compare import compare

    sys.exit(compare(**options))


@commands.group()
def baseline() -> None:
    """Record how far each gradient agrees, and compare later. The record is a text file in the repository."""


_file = click.option("--file", default=BASELINE_FILE, show_default=True, help="The baseline, a text file to commit.")
_only_rules = click.option("--rules", "only", callback=_names, help="Only these rules: a partial run.")
_error_floor = click.option(
    "--floor", default=4.0, show_default=True, help="Ulps by which an error may grow from nothing."
)
_no_default_out = click.option("--out", help="A folder for the records and a page.")


@baseline.command()
@_file
@click.option("--cases", default=12, show_default=True, help="Cases of every rule and dtype.")
@_seed("The same seed draws the same cases.")
@_rules
@_dtypes("float64,float32")
@_oracles
@click.option("--subject", help="MODULE:ATTR, as for verify.")
@_workers
@_no_default_out
@_json
def save(file: str, workers: int, out: str | None, as_json: bool, **plan: Any) -> None:
    """Check every rule and write the baseline. Its history gets one more line."""
    from backcheck.commands.baseline import save
    from backcheck.regression.baseline.file import BaselinePlan

    sys.exit(save(Path(file), BaselinePlan(**plan), workers, out, as_json))


@baseline.command(name="compare")
@_file
@_only_rules
@_error_floor
@click.option("--strict-env", is_flag=True, help="Exit 3 in another environment than the baseline's.")
@_workers
@_no_default_out
@_json
def compare_with_baseline(file: str, **options: Any) -> None:
    """Run the baseline's recipe again and compare. What is worse or missing fails; what is new is a notice."""
    from backcheck.commands.baseline import compare

    sys.exit(compare(Path(file), **options))


@baseline.command()
@click.argument("categories", callback=_names)
@_file
@_only_rules
@_error_floor
@_workers
@_json
def accept(file: str, **options: Any) -> None:
    """Take over changes into the baseline. CATEGORIES: new,changed,removed. A disagreement is never taken over."""
    from backcheck.commands.baseline import accept

    sys.exit(accept(Path(file), **options))
