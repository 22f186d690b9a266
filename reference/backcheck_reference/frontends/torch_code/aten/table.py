"""The table of PyTorch's operators that have an exact form, by name; `name.overload` where one overload differs.

Those of ELEMENTWISE and PREDICATES are given scalars as exact numbers, the others as they are in the code.
"""

from collections.abc import Mapping

from backcheck_reference.frontends.torch_code.aten.buffers import BUFFERS
from backcheck_reference.frontends.torch_code.aten.elementwise import ELEMENTWISE, PREDICATES
from backcheck_reference.frontends.torch_code.aten.indices import INDICES
from backcheck_reference.frontends.torch_code.aten.pooling import POOLING
from backcheck_reference.frontends.torch_code.aten.reductions import REDUCTIONS
from backcheck_reference.frontends.torch_code.aten.shared import Operator
from backcheck_reference.frontends.torch_code.aten.structure import STRUCTURE
from backcheck_reference.frontends.torch_code.aten.windows import CONVOLUTIONS

NUMBERS: Mapping[str, Operator] = {**ELEMENTWISE, **PREDICATES}
OTHERS: Mapping[str, Operator] = {**BUFFERS, **STRUCTURE, **INDICES, **REDUCTIONS, **CONVOLUTIONS, **POOLING}
OPERATORS: Mapping[str, Operator] = {**NUMBERS, **OTHERS}

# operators of PyTorch's own decompositions that are called as the ones of the same name are
PRIMITIVES = frozenset({*NUMBERS, *("amax", "amin", "sum", "prod", "squeeze", "view_of", "convert_element_type")})
# these turn booleans into numbers
CONVERTING = frozenset(REDUCTIONS)
