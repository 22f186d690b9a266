"""The operators of mutmut, a mutation tester that is kept well, as operators of ours.

They are its functions from a node to other nodes, which need nothing else of it. cosmic-ray has fewer (binary and
unary operators, comparisons, numbers, names of exceptions), works on parso's trees, and brings a database and a web
client along. Where mutmut keeps the table has changed between its versions: both places are known.
"""

import importlib
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

PLACES = ("mutmut.mutation.mutators", "mutmut.node_mutation")  # since 3.6, and before
MISSING = "automatic mutants need mutmut, which is not installed: pip install 'backcheck[power]'"

NodeOperator = tuple[str, type, Callable[[Any], Iterable[Any]]]


class NoLibrary(ImportError):
    """mutmut is not installed, or keeps its operators somewhere else. The message says what to install."""


@cache
def library_operators() -> tuple[NodeOperator, ...]:
    """What each is called, the kind of node that it takes, and the function. Raises NoLibrary."""
    for place in PLACES:
        try:
            table = importlib.import_module(place).mutation_operators
        except (ImportError, AttributeError):
            continue
        return tuple((_name(function), kind, function) for kind, function in table)
    raise NoLibrary(MISSING)


def _name(function: Callable[..., Any]) -> str:
    return function.__name__.removeprefix("operator_").replace("_", " ")
