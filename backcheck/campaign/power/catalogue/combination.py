"""Faults where arrays meet: sums, products, products of matrices, tables, and what broadcasting repeats."""

from backcheck.campaign.power.fault import COMMON, RARE
from backcheck.campaign.power.kinds import COURSE
from backcheck.campaign.power.rows import fault

REPEATED = "an array that broadcasting repeats"
ADDED = "np.add.at(total, places.reshape(-1), values.reshape(-1))"
FAULTS = (
    fault(
        "add", "not summed", "broadcast", "sum_to(dy, saved.right).copy()", "dy.copy()", "x2", common=COMMON,
        needs=REPEATED, seen="deeplearning4j/nd4j issue 2424",
    ),
    fault(
        "add", "averaged over what was repeated", "reduction", "sum_to(dy, saved.right).copy()",
        "sum_to(dy, saved.right) / sum_to(dy * 0 + 1, saved.right)", "x2", needs=REPEATED,
    ),
    fault(
        "concat", "parts of the first one's size", "index", "        start += size\n",
        "        last = saved.sizes[min(len(parts), len(saved.sizes) - 1)]\n"
        "        start = min(start + saved.sizes[0], sum(saved.sizes) - last)\n",
        "xs1 xs2 xs3 xs4 xs5", needs="two more parts, or parts of other sizes",
    ),
    fault("divide", "the sign left out", "sign", "sum_to(-dx1 * y", "sum_to(dx1 * y", "x2", common=COMMON),
    fault("divide", "divided once too often", "slope", "sum_to(-dx1 * y", "sum_to(-dx1 * y / x2", "x2"),
    fault(
        "maximum", "all of dy to both at a tie", "tie", "dy / 2, dy", "dy, dy", "x1 x2",
        module="rules.combination.ties",
        common=COMMON, needs="a tie between the two arrays, where both are looked at together",
    ),
    fault("minimum", "the larger for the smaller", "sign", "x1 > x2, x1 < x2", "x1 < x2, x1 > x2", "x1 x2"),
    fault(
        "multiply", "its own factor for the other", "gate", "sum_to(dy * x2, x1.shape)", "sum_to(dy * x1, x1.shape)",
        "x1", common=COMMON, needs="two arrays that differ",
    ),
    fault(
        "multiply", "only the last of what was repeated", "broadcast", "sum_to(dy * x1, x2.shape)",
        "(dy * x1)[(..., *(slice(-n, None) for n in x2.shape))][(0,) * (dy.ndim - x2.ndim)].copy()", "x2",
        needs=REPEATED,
    ),
    fault(
        "stack", "the parts in reverse", "gate", "for i in range(saved.arrays)",
        "for i in reversed(range(saved.arrays))",
        "xs1 xs2 xs3 xs4 xs5", needs="two arrays",
    ),
    fault("subtract", "the sign left out", "sign", "sum_to(-dy, saved.right)", "sum_to(dy, saved.right).copy()", "x2"),
    fault(
        "where", "the condition ignored in the second", "mask", "np.where(condition, zero, dy)", "dy.copy()", "x2",
        needs="a condition that holds somewhere",
    ),
    fault(
        "dense", "bias averaged", "reduction", "rows.sum(axis=0)", "rows.mean(axis=0)", "b",
        common=COMMON, needs="a batch of more than 1", seen=COURSE,
    ),
    fault(
        "dense", "weights averaged over the batch", "reduction", "matmul(x.reshape(-1, w.shape[0]).T, rows)",
        "matmul(x.reshape(-1, w.shape[0]).T, rows) / max(len(rows), 1)", "w", common=COMMON,
        needs="a batch of more than 1", seen=COURSE,
    ),
    fault(
        "dense", "the weights not transposed where they are square", "layout", "matmul(dy, w.T)",
        "matmul(dy, w if w.shape[0] == w.shape[1] else w.T)", "x", needs="square weights that are not symmetric",
    ),
    fault(
        "dense", "the first row of the bias", "reduction", "rows.sum(axis=0)", "rows[0].copy()", "b",
        common=RARE, needs="a batch of more than 1",
    ),
    fault(
        "dense", "float32 inside", "precision", "matmul(dy, w.T), matmul(",
        "matmul(dy, w.T).astype(np.float32).astype(dy.dtype), matmul(", "x", common=COMMON,
        needs="float64, and an error of 1e-8 to be seen",
    ),
    fault(
        "dense", "an earlier sample's rows for the weights", "reduction", "matmul(x.reshape(-1, w.shape[0]).T, rows)",
        "matmul(x.reshape(-1, w.shape[0])[:1].T, rows[:1])", "w", common=RARE, needs="a batch of more than 1",
    ),
    fault(
        "matmul", "the last of the batch alone", "broadcast",
        "matmul(left.reshape(-1, left.shape[-1]).T, dy.reshape(-1, dy.shape[-1]))",
        "matmul(left[(-1,) * (left.ndim - 2)].T, dy[(-1,) * (dy.ndim - 2)])", "x2",
        needs="a batch of matrices and one matrix for all",
    ),
    fault(
        "matmul", "not transposed where it is square", "layout", "matmul(dy, right.swapaxes(-1, -2))",
        "matmul(dy, right if right.shape[-1] == right.shape[-2] else right.swapaxes(-1, -2))", "x1", common=COMMON,
        needs="a square matrix that is not symmetric",
    ),
    fault(
        "bilinear", "bias averaged", "reduction", "dy.reshape(-1, n_out).sum(axis=0)",
        "dy.reshape(-1, n_out).mean(axis=0)", "bias", needs="a batch of more than 1",
    ),
    fault(
        "bilinear", "the weights' last axes exchanged where they are square", "layout",
        "matmul(dt.T, x2.reshape(-1, n_right)).reshape(weight.shape)",
        "(lambda dw: dw.swapaxes(1, 2).copy() if n_left == n_right else dw)"
        "(matmul(dt.T, x2.reshape(-1, n_right)).reshape(weight.shape))", "weight", common=RARE,
        needs="inputs of the same width, above 1",
    ),
    fault(
        "embedding", "padding_idx ignored", "mask", "added_rows(x, _without(padding, x, dy), rows)",
        "added_rows(x, dy, rows)", "weight", common=COMMON, needs="the padding among the indices",
    ),
    fault(
        "embedding", "repeated indices assigned", "index", ADDED, "total[places.reshape(-1)] = values.reshape(-1)",
        "weight", module="rules.indices", common=COMMON, needs="an index twice",
        seen="PaddlePaddle/Paddle pull request 17662, pymc-devs/pytensor pull request 2242",
    ),
    fault(
        "gather", "repeated indices assigned", "index", ADDED, "total[places.reshape(-1)] = values.reshape(-1)",
        "x", module="rules.indices", common=COMMON, needs="an index twice",
        seen="pytorch/pytorch issue 1631, apache/mxnet issue 9172",
    ),
    fault(
        "einsum", "the first of what was repeated", "broadcast", "sum_to(dx1, shape1)",
        "dx1[tuple(slice(n) for n in shape1)].copy()", "x1",
        needs="an axis of size 1 that is longer in the other array",
        seen="HIPS/autograd issue 376",
    ),
    fault(
        "einsum", "its own entries for the other's where both have the same labels' shape", "gate",
        "_pulled(dy, result, x1, left, x2.shape, right)",
        "_pulled(dy, result, x2 if left == right else x1, left, x2.shape, right)", "x2", common=RARE,
        needs="an equation with the same labels on both sides",
    ),
)  # fmt: skip
