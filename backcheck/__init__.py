"""The harness: draws networks, asks every party, gives each gradient a verdict, and names the broken rule."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backcheck.checking import Checked as Checked
    from backcheck.checking import check as check

_WHERE = {"check": "backcheck.checking", "Checked": "backcheck.checking"}


def __getattr__(name: str) -> Any:
    """The public names, loaded on first use: importing the package must cost nothing to those who do not use it."""
    if name not in _WHERE:
        raise AttributeError(f"module 'backcheck' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_WHERE[name]), name)
