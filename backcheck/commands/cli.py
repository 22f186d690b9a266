"""The command line. Exit codes: 0 all agree, 1 a disagreement, 2 wrong use, 3 could not check, 130 interrupted.

A command that is ended by another signal ends with 128 and its number: 143 by SIGTERM, 129 by SIGHUP.
"""

import errno
import os
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import NoReturn

import click

from backcheck.commands import signals, terminal
from backcheck.commands.options import commands
from backcheck.errors import AGREE, COULD_NOT, USAGE, BackcheckError
from backcheck.printable import printable

NAME = "backcheck"
LEAVES = {"backcheck_reference", "backcheck_reports", "scratch_bp"}  # they import nothing of backcheck
NO_SPACE = {errno.ENOSPC, errno.EFBIG, errno.EIO, getattr(errno, "EDQUOT", errno.ENOSPC)}
MOST_SAID = 300  # characters of an error that nobody foresaw


def main() -> NoReturn:
    """Run the command line; every failure that a person can mend is one sentence and no traceback."""
    terminal.prepare()
    with _safe_path():
        code = _exit_code()
    sys.exit(terminal.finish(code))


def _exit_code() -> int:
    try:
        with signals.handled():
            return _run()
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.ClickException as error:
        return _misused(error)
    except (click.Abort, KeyboardInterrupt) as error:
        words, code = signals.told(error)
        terminal.show([words], aside=True)
        return code
    except BackcheckError as error:
        return _failed(error, error.exit_code)
    except ModuleNotFoundError as error:
        return _failed(error, COULD_NOT)
    except BrokenPipeError as error:
        return COULD_NOT if terminal.reader_gone() else _crashed(error)
    except MemoryError as error:
        return _failed(
            f"there is not enough memory ({str(error) or 'the system gave no more'}); ask for less", COULD_NOT
        )
    except SystemExit as ended:
        # no command ends so: it was the code under test, or a library
        return _failed(f"the code under test called sys.exit({ended.code!r}); nothing is said of it", COULD_NOT)
    except BaseException as error:
        if isinstance(error, ValueError) and type(error).__module__.partition(".")[0] in LEAVES:
            return _failed(error, _blame(error))  # the errors of the leaves say what to do
        return _crashed(error)


def _run() -> int:
    # click's own `main` would end with 1, a disagreement, where nobody reads standard output
    if f"_{NAME.upper()}_COMPLETE" in os.environ:
        commands(prog_name=NAME)
    with commands.make_context(NAME, sys.argv[1:]) as context:
        return commands.invoke(context) or AGREE


@contextmanager
def _safe_path() -> Iterator[None]:
    """The processes that are started do not look for modules in the current folder first, as Python does by itself."""
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = before or "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]


def _misused(error: click.ClickException) -> int:
    said = StringIO()
    error.show(said)
    terminal.show(said.getvalue().rstrip("\n").split("\n"), aside=True)
    return USAGE


def _blame(error: ValueError) -> int:
    """A full disk is nobody's wrong use."""
    return COULD_NOT if getattr(error.__cause__, "errno", None) in NO_SPACE else USAGE


def _failed(error: Exception | str, code: int) -> int:
    terminal.complain(str(error))
    return code


def _crashed(error: BaseException) -> int:
    """A fault of ours, and no disagreement: Python itself would end with 1."""
    said = printable(traceback.format_exception_only(error)[-1].strip())[:MOST_SAID]
    lines = traceback.format_exception(error)
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="backcheck-", suffix=".txt", delete=False, encoding="utf-8", errors="backslashreplace"
        ) as file:
            file.writelines(lines)
        where = f"the traceback is in {file.name}, please report it"
    except OSError:  # no folder for temporary files, or a full one
        where = "\n".join(["this is its traceback, please report it", *"".join(lines).splitlines()])
    return _failed(
        f"backcheck failed by a fault of its own ({said}) and says nothing of the gradients; {where}", COULD_NOT
    )
