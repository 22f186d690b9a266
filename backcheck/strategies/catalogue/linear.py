"""What can be drawn of the rules that are linear in each of their arrays."""

from collections.abc import Mapping

from backcheck.strategies.arrays import Shape
from backcheck.strategies.catalogue.row import ZEROS, Array, Binding, Choices, Config, Row, unique

# by the number of axes of the left operand: products, sums over one operand alone, diagonals, results in another order
EQUATIONS: Mapping[int, tuple[str, ...]] = {
    0: (",i->i", ","),
    1: ("i,j->ij", "i,i->", "i,ij->j", "i,i->i", "i,jk"),
    2: ("ij,jk->ik", "ij,j->i", "ij,ij->", "ij,jk", "ij,kj->ki", "ij,ij->ji", "ij,ki->k", "ij,k->ki", "ii,i->i"),
    3: ("bij,bjk->bik", "bij,bkj->bki", "...ij,jk->...ik", "abc,cad->bd", "ijk,k->ji", "iji,jk->ki"),
    4: ("bhid,bhjd->bhij", "bhij,bhjd->bihd", "...i,ij->...j", "nchw,oc->nohw"),
    5: ("...ij,jk", "ncdhw,oc->nodhw"),
}


def _equations(bound: Binding) -> Choices:
    return EQUATIONS.get(len(bound["*left"])) or EQUATIONS[5][:1]


def _diagonals_fit(bound: Binding, config: Config) -> bool:
    labels = config["equation"].partition(",")[0]
    sizes = dict(zip(labels, bound["*left"], strict=False))
    return "..." in labels or all(sizes[label] == n for label, n in zip(labels, bound["*left"], strict=True))


def _operands(bound: Binding, config: Config) -> tuple[Shape, ...]:
    """The sizes of the labels that it shares with the left operand; the others small, 1, and like an axis there.

    An axis of size 1 of the left is repeated along the other's.
    """
    left, right = config["equation"].partition("->")[0].split(",")
    names = left.partition("...")[2] or left
    shape = bound["*left"]
    known = dict(zip(names, shape[len(shape) - len(names) :], strict=True))
    shapes = [tuple(known.get(label, size) for label in right) for size in (2, 3, 1, *shape[-1:])]
    if "..." in right or len(set(right)) < len(right):
        return unique(*shapes)
    stretched = tuple(3 if known.get(label, 2) == 1 else known.get(label, 2) for label in right)
    return unique(*shapes, stretched)


def _factors(bound: Binding, config: Config) -> tuple[Shape, ...]:
    """A matrix for all, one as square as the left, a vector, and matrices for each, for one and for more."""
    *lead, inner = bound["*left"]
    *batch, rows = lead or (1,)
    shapes = [(inner, 2), (inner, rows), (inner,), (inner, 1), (*batch, inner, 3), (*(1 for _ in batch), inner, 2)]
    return unique(*[*shapes, (2, *batch, inner, inner)][: 7 if len(batch) < 2 else 6])


def _paddings(bound: Binding) -> Choices:
    """Of a table of one row nothing would be left."""
    return (None, 0, -1) if bound["num_embeddings"] > 1 else (None,)


def _words(bound: Binding, config: Config) -> tuple[Shape, ...]:
    """Mostly more words than rows, so that some repeat; fewer too."""
    return ((4,), (2, 5), (bound["num_embeddings"] + 3,), (1,), (), (2,))


ROWS: Mapping[str, Row] = {
    "dense": Row(arrays={"b": ZEROS}, weight=4),
    "matmul": Row(fits=lambda bound, config: len(bound["*left"]) > 0, arrays={"x2": Array(shapes=_factors)}, weight=2),
    "bilinear": Row(arrays={"bias": ZEROS}),
    "embedding": Row({"padding_idx": _paddings}, arrays={"x": Array(shapes=_words, indices="num_embeddings")}),
    "einsum": Row({"equation": _equations}, fits=_diagonals_fit, arrays={"x2": Array(shapes=_operands)}, weight=2),
}
