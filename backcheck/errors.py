"""The errors that a person can act on, and the exit codes of the command line.

Every message says what came, what was expected and what to do, so that no traceback is needed.
"""

# all agree; a disagreement or a regression; wrong use; could not check; interrupted
AGREE, DISAGREE, USAGE, COULD_NOT, INTERRUPTED = 0, 1, 2, 3, 130


class BackcheckError(Exception):
    """The base of all errors of backcheck's own; `exit_code` is that of a command that ends with it."""

    exit_code = COULD_NOT


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
