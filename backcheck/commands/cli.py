"""The command line. Exit codes: 0 all agree, 1 a disagreement, 2 wrong use, 3 could not check, 130 interrupted."""

import sys
import traceback
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
    except Exception as error:
        if isinstance(error, ValueError) and type(error).__module__.partition(".")[0] in LEAVES:
            _fail(error, USAGE)  # the errors of the leaves say what to do
        traceback.print_exception(error)  # a bug of ours, and no disagreement: Python itself would end with 1
        sys.exit(COULD_NOT)
    sys.exit(AGREE)


def _fail(error: Exception, code: int) -> NoReturn:
    click.echo(f"Error: {error}", err=True)
    sys.exit(code)
