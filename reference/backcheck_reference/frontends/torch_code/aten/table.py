"""The table of PyTorch's operators that have an exact form, by name; `name.overload` where one overload differs.

The elementwise ones are given scalars as exact numbers, the others as they are in the code. What is not here PyTorch
takes apart itself. It could take apart more, and worse: interpolation, grid_sample and adaptive pooling by its index
arithmetic take 3 to 30 times as long, softmax and activations up to 3 times, and their constants are rounded; a copy
would stand where a view is written into; and what is made like a hull would be no hull.
"""

from collections.abc import Mapping

from backcheck_reference.frontends.torch_code.aten.bags import BAGS
from backcheck_reference.frontends.torch_code.aten.buffers import BUFFERS
from backcheck_reference.frontends.torch_code.aten.complex_numbers import COMPLEX_NUMBERS
from backcheck_reference.frontends.torch_code.aten.distances import DISTANCES
from backcheck_reference.frontends.torch_code.aten.elementwise import ELEMENTWISE, PREDICATES
from backcheck_reference.frontends.torch_code.aten.grids import GRIDS
from backcheck_reference.frontends.torch_code.aten.indices import INDICES
from backcheck_reference.frontends.torch_code.aten.interpolation import INTERPOLATION
from backcheck_reference.frontends.torch_code.aten.linear_algebra import LINEAR_ALGEBRA
from backcheck_reference.frontends.torch_code.aten.margin_losses import MARGIN_LOSSES
from backcheck_reference.frontends.torch_code.aten.pooling import POOLING
from backcheck_reference.frontends.torch_code.aten.reductions import REDUCTIONS
from backcheck_reference.frontends.torch_code.aten.shared import Operator
from backcheck_reference.frontends.torch_code.aten.structure import STRUCTURE
from backcheck_reference.frontends.torch_code.aten.windows import CONVOLUTIONS

OF_NUMBERS: Mapping[str, Operator] = {**ELEMENTWISE, **PREDICATES}
OPERATORS: Mapping[str, Operator] = {
    **OF_NUMBERS,
    **BUFFERS,
    **STRUCTURE,
    **INDICES,
    **REDUCTIONS,
    **CONVOLUTIONS,
    **POOLING,
    **LINEAR_ALGEBRA,
    **COMPLEX_NUMBERS,
    **INTERPOLATION,
    **GRIDS,
    **MARGIN_LOSSES,
    **DISTANCES,
    **BAGS,
}

# operators of PyTorch's own decompositions that are called as the ones of the same name are
PRIMITIVES = frozenset({*OF_NUMBERS, *("amax", "amin", "sum", "prod", "squeeze", "view_of", "convert_element_type")})
# these turn booleans into numbers
CONVERTING = frozenset(REDUCTIONS)
