"""What can be drawn of each rule: its shapes, read from its own signature, and a row for what that cannot say.

A row stands in the file of its rule's family; the order is that of failures too: one that any rule shows is shown on
the first.
"""

from collections.abc import Mapping

from backcheck.strategies.catalogue import (
    activations,
    attention,
    combination,
    convolution,
    linear,
    losses,
    normalisation,
    pooling,
    recurrent,
    reductions,
    regularisation,
    shaping,
)
from backcheck.strategies.catalogue.row import Binding, Config, Row, Shape
from backcheck.strategies.catalogue.signatures import (
    CatalogueError,
    RuleShapes,
    Slot,
    bind,
    broadcast,
    fill,
    signature_of,
)

CATALOGUE: Mapping[str, Row] = {
    **activations.ROWS,
    **combination.ROWS,
    **linear.ROWS,
    **convolution.ROWS,
    **normalisation.ROWS,
    **reductions.ROWS,
    **pooling.ROWS,
    **shaping.ROWS,
    **recurrent.ROWS,
    **attention.ROWS,
    **regularisation.ROWS,
    **losses.ROWS,
}

__all__ = [
    "CATALOGUE",
    "Binding",
    "CatalogueError",
    "Config",
    "Row",
    "RuleShapes",
    "Shape",
    "Slot",
    "bind",
    "broadcast",
    "fill",
    "signature_of",
]
