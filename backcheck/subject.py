"""The subject: our own rules, or a table of somebody's that replaces them by name."""

import importlib
import os
import sys
from collections.abc import Mapping

from backcheck.problem import BadInput
from scratch_bp.rules import RULES, Rule


def load(where: str | None) -> Mapping[str, Rule]:
    """The rules to judge: ours, with those of MODULE:ATTR in place where it names them.

    The attribute maps a rule's name to a (forward, backward) pair. Raises BadInput when it cannot be loaded.
    """
    if where is None:
        return RULES
    module, separator, attribute = where.partition(":")
    if not separator:
        raise BadInput(f"--subject takes MODULE:ATTR, got {where!r}; for instance mylib.rules:RULES")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        table = getattr(importlib.import_module(module), attribute)
    except ImportError as error:
        raise BadInput(f"--subject: the module {module!r} cannot be imported: {error}") from error
    except AttributeError as error:
        raise BadInput(f"--subject: {module!r} has no {attribute!r}; it must map rule names to pairs") from error
    return {**RULES, **_pairs(where, table)}


def _pairs(where: str, table: object) -> dict[str, Rule]:
    if not isinstance(table, Mapping):
        kind = type(table).__name__
        raise BadInput(f"--subject {where} must map rule names to (forward, backward) pairs, got {kind}")
    pairs = {}
    for name, pair in table.items():
        if not (isinstance(pair, tuple) and len(pair) == 2 and all(callable(each) for each in pair)):
            raise BadInput(f"--subject {where}: {name!r} must be a (forward, backward) pair of functions, got {pair!r}")
        pairs[name] = Rule(*pair)
    return pairs
