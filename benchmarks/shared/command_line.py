"""The options of a script, and its short run."""

import argparse
from typing import Any


def parser(about: str | None) -> argparse.ArgumentParser:
    """A parser that shows the script's own docstring as its help."""
    return argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)


def options(named: argparse.ArgumentParser, **short: Any) -> argparse.Namespace:
    """The options given. `short` are the defaults of a run with --short; what is given beside it still counts."""
    named.add_argument("--short", action="store_true", help="a run of seconds, which shows that the script works")
    if named.parse_known_args()[0].short:
        named.set_defaults(**short)
    return named.parse_args()
