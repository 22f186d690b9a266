"""What can be drawn of each rule: its shapes, read from its own signature, and a row for what that cannot say.

A row is in the file of its rule's family. The order of the rows matters: a failure that many rules show is shown on the
first of them, and the same seed draws the same networks only while the order stays.
"""

from collections.abc import Mapping

from backcheck.strategies.arrays import Shape
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
from backcheck.strategies.catalogue.kink import Kink
from backcheck.strategies.catalogue.row import Array, Binding, Config, Domain, Row
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

# every kink point with the name of its rule
KINKS: tuple[tuple[str, Kink], ...] = tuple((rule, kink) for rule, row in CATALOGUE.items() for kink in row.kinks)

__all__ = [
    "CATALOGUE", "KINKS", "Array", "Binding", "CatalogueError", "Config", "Domain", "Kink", "Row", "RuleShapes",
    "Shape", "Slot", "bind", "broadcast", "fill", "signature_of",
]  # fmt: skip
