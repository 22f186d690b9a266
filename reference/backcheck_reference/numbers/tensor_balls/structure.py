"""Operators that move numbers and change none: run once on the middles and once on the radii.

And those that add up what they move: there the radii get the rounding of the sum as well, see `sums`. Where an index is
an open choice nothing is known of the row that it points into: infinite radii there.
"""

import functools
import operator
from collections.abc import Callable
from typing import Any

from backcheck_reference.lazy import LazyModule, Unavailable, torch
from backcheck_reference.numbers.tensor_balls.rounding import CONSTANT, Ball, Rounding, kept

_trees = LazyModule("torch.utils._pytree", "torch")

MOVING = {"clone", "contiguous", "cat", "stack", "copy", "fill", "repeat", "repeat_interleave", "block_diag"}
MOVING |= {"index", "_unsafe_index", "index_select", "gather", "take", "take_along_dim", "masked_select", "embedding"}
MOVING |= {"flip", "roll", "rot90", "tril", "triu", "diag", "diag_embed", "im2col", "constant_pad_nd"}
MOVING |= {"pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "native_channel_shuffle"}
MOVING |= {"slice_scatter", "select_scatter", "diagonal_scatter", "as_strided_scatter", "masked_scatter", "scatter"}
MOVING |= {"masked_scatter_backward", "index_copy", "index_fill", "index_put", "_unsafe_index_put", "_index_put_impl"}
MOVING |= {"select_backward", "slice_backward", "diagonal_backward", "unsafe_split", "unsafe_chunk", "_unsafe_view"}
MOVING |= {f"{kind}_pad{n}d" for kind in ("reflection", "replication") for n in (1, 2, 3)}
MOVING |= {f"{kind}{n}d" for kind in ("upsample_nearest", "_upsample_nearest_exact") for n in (1, 2, 3)}
VIEWS = {"view", "expand", "permute", "transpose", "t", "unfold", "squeeze", "unsqueeze", "slice", "select", "alias"}
VIEWS |= {"diagonal", "detach", "split", "split_with_sizes", "unbind", "narrow"}
MOVING |= {f"{name}_copy" for name in VIEWS} | {"_reshape_copy"}
ADDING = {"scatter_add", "index_add", "embedding_dense_backward", "unfold_backward", "col2im", "trace", "put"}
ADDING |= {f"{kind}_pad{n}d_backward" for kind in ("reflection", "replication") for n in (1, 2, 3)}
ADDING |= {f"{kind}{n}d_backward" for kind in ("upsample_nearest", "_upsample_nearest_exact") for n in (1, 2, 3)}
# the operators that take a dimension and an index along it
ALONG = ("gather", "scatter", "scatter_add")


def moved(rounding: Rounding, operator: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """The operator on the middles, and on the radii where there are any. Numbers that it fills in are exact."""
    leaves, tree = _trees.tree_flatten((args, kwargs), is_leaf=is_ball)
    balls = [leaf for leaf in leaves if is_ball(leaf)]
    if any(ball.rad is not None and not ball.mid.is_floating_point() for ball in balls):
        return _of_open_choices(rounding, operator, args, kwargs)
    mids = _run(operator, [leaf.mid if is_ball(leaf) else leaf for leaf in leaves], tree)
    moves = moves_of(balls)
    if all(ball.rad is None for ball in balls):
        return _trees.tree_map(lambda mid: Ball(mid, None, moves), mids)
    zeros = [leaf.radii() if is_ball(leaf) else _zero(leaf) for leaf in leaves]
    args, kwargs = _trees.tree_unflatten(zeros, tree)
    radii = operator(*_without_numbers(operator, args), **kwargs)
    pairs = zip(_trees.tree_leaves(mids), _trees.tree_leaves(radii), strict=True)
    return _trees.tree_unflatten([Ball(mid, rad, moves) for mid, rad in pairs], _trees.tree_structure(mids))


def moves_of(balls: list[Ball]) -> int:
    return functools.reduce(operator.or_, (ball.moves for ball in balls), CONSTANT)


def is_ball(leaf: Any) -> bool:
    return isinstance(leaf, Ball)


def _zero(leaf: Any) -> Any:
    return 0.0 if isinstance(leaf, float) else leaf


def _without_numbers(operator: Any, args: Any) -> Any:
    """The arguments, with 0 for the number that is filled in: `masked_fill(x, mask, 2)` fills the radii with zero."""
    declared = operator._schema.arguments
    return [0 if str(each.type) == "number" else arg for each, arg in zip(declared, args, strict=False)]


def _run(operator: Callable[..., Any], leaves: list[Any], tree: Any) -> Any:
    args, kwargs = _trees.tree_unflatten(leaves, tree)
    return operator(*args, **kwargs)


def summed(rounding: Rounding, operator: Callable[..., Any], args: Any, kwargs: Any) -> Ball:
    """The operator on the middles; on the radii and each entry's share of the rounding; and on ones, which counts."""
    leaves, tree = _trees.tree_flatten((args, kwargs), is_leaf=is_ball)
    balls = [leaf for leaf in leaves if is_ball(leaf)]
    if any(ball.rad is not None and not ball.mid.is_floating_point() for ball in balls):
        unknown: Ball = _of_open_choices(rounding, operator, args, kwargs)
        return unknown
    mid = _run(operator, [leaf.mid if is_ball(leaf) else leaf for leaf in leaves], tree)
    moves = moves_of(balls)

    def ones(leaf: Any) -> Any:
        return torch.ones_like(leaf.mid) if is_ball(leaf) and leaf.mid.is_floating_point() else _plain(leaf)

    counts = _run(operator, [ones(leaf) for leaf in leaves], tree)
    count = int(counts.max()) if counts.numel() else 0
    if count <= 1 and all(ball.rad is None for ball in balls):
        return Ball(mid, None, moves)
    share = rounding.of_sum(count)

    def radii(leaf: Any) -> Any:
        if not (is_ball(leaf) and leaf.mid.is_floating_point()):
            return _plain(leaf)
        each = leaf.mid.abs().mul_(share)
        return each if leaf.rad is None else each.add_(leaf.rad, alpha=(1 + share) * (1 + count * 2.0**-52))

    change = _run(operator, [radii(leaf) for leaf in leaves], tree)
    return Ball(mid, change, moves) if count <= 1 else kept(rounding, mid, change, moves=moves)


def _plain(leaf: Any) -> Any:
    return leaf.mid if is_ball(leaf) else leaf


def _of_open_choices(rounding: Rounding, operator: Any, args: Any, kwargs: Any) -> Any:
    """With an open index or mask: the middle's choice, and infinite radii where it may have chosen otherwise."""
    name = operator.overloadpacket.__name__
    leaves, tree = _trees.tree_flatten((args, kwargs), is_leaf=is_ball)
    moving = [leaf for leaf in leaves if is_ball(leaf) and leaf.mid.is_floating_point()]
    if not moving:
        return _of_open_integers(operator, args, kwargs, leaves, tree)
    decided = [leaf.mid if is_ball(leaf) and not leaf.mid.is_floating_point() else leaf for leaf in leaves]
    args_, kwargs_ = _trees.tree_unflatten(decided, tree)
    found = (summed if name in ADDING else moved)(rounding, operator, args_, kwargs_)
    if name not in ALONG or not isinstance(found, Ball):
        return _trees.tree_map(
            lambda ball: Ball(ball.mid, torch.full_like(ball.mid, torch.inf)), found, is_leaf=is_ball
        )
    unknown = args[2].rad
    if name != "gather":
        # the whole row along the axis may be where the number goes
        shape = [*unknown.shape]
        shape[args[1]] = found.mid.shape[args[1]]
        rows = torch.zeros(found.mid.shape, dtype=torch.bool)
        rows[tuple(map(slice, shape))] = unknown.any(args[1], True).expand(shape)
        unknown = rows
    return Ball(found.mid, found.radii().masked_fill(unknown, torch.inf), found.moves)


def _of_open_integers(operator: Any, args: Any, kwargs: Any, leaves: list[Any], tree: Any) -> Any:
    """Integers and booleans moved: their open marks move with them."""
    mids = _run(operator, [_plain(leaf) for leaf in leaves], tree)
    marks = [leaf.rad if is_ball(leaf) and leaf.rad is not None else _unmarked(leaf) for leaf in leaves]
    args, kwargs = _trees.tree_unflatten(marks, tree)
    try:
        found = operator(*_without_numbers(operator, args), **kwargs)
    except (RuntimeError, IndexError) as error:
        raise Unavailable("integers that an open choice gave are used in a way that is not followed") from error
    return _trees.tree_map(lambda mid, rad: Ball(mid, rad), mids, found)


def _unmarked(leaf: Any) -> Any:
    return torch.zeros_like(_plain(leaf), dtype=torch.bool) if is_ball(leaf) else leaf
