"""What a rule is."""

from collections.abc import Callable
from typing import Any, NamedTuple


class Rule(NamedTuple):
    """forward(*arrays, **config) -> (y, saved) and backward(saved, dy) -> one gradient per array, both pure.

    A rule with several outputs returns a tuple of arrays as y, and is given a tuple as dy.
    """

    forward: Callable[..., tuple[Any, Any]]
    backward: Callable[[Any, Any], tuple[Any, ...]]
