"""The command line. Exit codes: 0 all agree, 1 a disagreement, 2 wrong use, 3 could not check, 130 interrupted."""

import sys
from typing import NoReturn

import click

from backcheck.commands.options import commands
from backcheck.errors import AGREE, COULD_NOT, INTERRUPTED, USAGE, BackcheckError

LEAVES = {"backcheck_reference", "backcheck_reports", "scratch_bp"}  # they import nothing of backcheck


def main() -> NoReturn:
    """Run the command line; every failure that a person can mend is one sentence and no traceback."""
    try:
        commands(standalone_mode=False)
    except click.exceptions.Exit as exit_:
        sys.exit(exit_.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(USAGE)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted; what was made is kept and report shows it, --resume goes on from it", err=True)
        sys.exit(INTERRUPTED)
    except BackcheckError as error:
        _fail(error, error.exit_code)
    except ModuleNotFoundError as error:
        _fail(error, COULD_NOT)
    except ValueError as error:
        if type(error).__module__.partition(".")[0] not in LEAVES:
            raise  # a bug, which keeps its traceback; the errors of the leaves say what to do
        _fail(error, USAGE)
    sys.exit(AGREE)


def _fail(error: Exception, code: int) -> NoReturn:
    click.echo(f"Error: {error}", err=True)
    sys.exit(code)
