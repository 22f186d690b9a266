"""The errors that a person can act on, and the exit codes of the command line.

Every message says what came, what was expected and what to do, so that no traceback is needed.
"""

import difflib
from collections.abc import Collection

from backcheck.printable import printable

# all agree; a disagreement or a regression; wrong use; could not check; interrupted
AGREE, DISAGREE, USAGE, COULD_NOT, INTERRUPTED = 0, 1, 2, 3, 130


class BackcheckError(Exception):
    """The base of all errors of backcheck's own; `exit_code` is that of a command that ends with it."""

    exit_code = COULD_NOT

    def __str__(self) -> str:
        """Messages quote the code under test: nothing that a terminal obeys is left in them."""
        return "\n".join(map(printable, super().__str__().split("\n")))


class BadInput(BackcheckError, ValueError):
    """What was handed in cannot be checked; the message says what came, what was expected and what to do.

    It is a ValueError too.

    >>> import backcheck
    >>> backcheck.check_vjp(lambda x: (x, None), None, [1.0])
    Traceback (most recent call last):
        ...
    backcheck.errors.BadInput: backward must be a function; got NoneType
    """

    exit_code = USAGE


class Unusable(BackcheckError, ValueError):
    """A case, an array's recipe or a rule's signature that does not hang together, or came from a newer version."""

    exit_code = USAGE


class Ended(BackcheckError, RuntimeError):
    """A process of a run was ended, and no framework is to blame. The message says at which network, and what to do."""


class RuleError(BackcheckError, RuntimeError):
    """A rule of the subject raises, or answers in no form that a gradient has. It is a finding and ends no run."""


def unknown(what: str, came: object, known: Collection[str]) -> str:
    """The sentence on a name that is not known, with those that it may be a slip of the pen for.

    >>> unknown("rule", "slu", ("dense", "silu", "tanh"))
    "unknown rule 'slu', did you mean silu? known are dense, silu, tanh"
    """
    close = difflib.get_close_matches(str(came).lower(), known, n=3)
    meant = f", did you mean {' or '.join(close)}?" if close else ";"
    return f"unknown {what} {came!r}{meant} known are {', '.join(known)}"
