"""Every rule, forward and backward, against PyTorch eager: one thread each, in one process, turn by turn.

    python -m benchmarks.rule_speed [--rules conv2d,lstm] [--dtype float32,float64] [--sizes fuzzing,training]
                                    [--json backcheck-out/speed.json]

A ratio is the median of the ratios of neighbours in time, so that a busy machine slows both sides and not one; below 1
scratch_bp is the faster one. Both sides compute the same: their gradients are checked to agree before they are timed.
Fuzzing sizes are those of drawn networks (a few entries), training sizes those in LARGE. Where PyTorch would return a
view of its input (reshape, transpose, ...) it copies too, since our rules return arrays of their own.

The page of a run shows the times that `--json` writes as speed.json into its folder.

NumPy's own BLAS chooses its kernels by the processor: unset OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE where they are set.
"""

import json
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from threadpoolctl import threadpool_limits

from backcheck.strategies.arrays import inside
from backcheck.strategies.candidates import candidate_of
from backcheck.strategies.catalogue import CATALOGUE, Shape, fill
from backcheck.strategies.draft import Want
from backcheck_reference.frameworks.mirrors import MIRRORS
from backcheck_reference.frameworks.torch_oracle import to_tensor
from benchmarks.shared import command_line
from benchmarks.shared.turns import turn
from scratch_bp.rules import RULES

# the sizes of axes, by name; an axis that is not named is the last number
SMALL: Mapping[str, Any] = {
    "*shape": (4, 5),
    "*batch": (4,),
    "*left": (4, 5),
    "*right": (4, 5),
    "*rest": (3,),
    "*pairs": (4, 6),
    "*_part": (4, 5),
    "*condition": (4, 5),
    "*any": (4, 5),
    "batch": 3,
    "channels": 4,
    "packed": 4,
    "columns": 8,
    "windows": 6,
    "length": 6,
    "depth": 3,
    "height": 5,
    "width": 4,
    "embed": 4,
    "model": 4,
    "tokens": 3,
    "": 4,
}
# training sizes: the shapes of the arrays that have no others, and options. A number of arrays less than the rule has
# leaves the rest to the rule's row.
ROWS, FIELD = (256, 1024), (16, 32, 32, 32)
IMAGE = ((16, 16, 32, 32), (32, 16, 3, 3), (32,))


class Large(NamedTuple):
    shapes: tuple[Shape, ...]
    config: Mapping[str, Any] = {}


def _cells(gates: int) -> tuple[Shape, ...]:
    return ((gates * 128, 128), (gates * 128, 128), (gates * 128,), (gates * 128,))


LARGE: Mapping[str, Large] = {
    "dense": Large(((256, 1024), (1024, 1024), (1024,))),
    "bilinear": Large(((128, 64), (128, 64), (64, 64, 64), (64,))),
    "matmul": Large(((16, 128, 64), (16, 64, 128))),
    "embedding": Large(((2048,), (10_000, 64))),
    "einsum": Large(((16, 128, 64), (16, 64, 128)), {"equation": "bij,bjk->bik"}),
    "conv1d": Large(((16, 32, 256), (32, 32, 3), (32,)), {"padding": 1}),
    "conv2d": Large(IMAGE, {"padding": 1}),
    "conv3d": Large(((4, 8, 16, 16, 16), (8, 8, 3, 3, 3), (8,)), {"padding": 1}),
    "conv_transpose1d": Large(((16, 32, 256), (32, 32, 3), (32,)), {"padding": 1}),
    "conv_transpose2d": Large(((16, 16, 32, 32), (16, 32, 3, 3), (32,)), {"padding": 1}),
    "unfold": Large(((16, 16, 32, 32),), {"kernel_size": 3, "padding": 1}),
    "fold": Large(((16, 144, 1024),), {"kernel_size": 3, "padding": 1, "output_size": (32, 32)}),
    "max_pool1d": Large(((32, 32, 1024),), {"kernel_size": 2}),
    "avg_pool1d": Large(((32, 32, 1024),), {"kernel_size": 2}),
    **{f"{kind}_pool2d": Large(((16, 32, 32, 32),), {"kernel_size": 2}) for kind in ("max", "avg")},
    "lp_pool2d": Large(((16, 32, 32, 32),), {"kernel_size": 2, "norm_type": 2.0}),
    "adaptive_avg_pool1d": Large(((32, 32, 1024),), {"output_size": 16}),
    "adaptive_avg_pool2d": Large((FIELD,), {"output_size": (8, 8)}),
    "adaptive_max_pool2d": Large((FIELD,), {"output_size": (8, 8)}),
    "global_avg_pool": Large((FIELD,)),
    "global_max_pool": Large((FIELD,)),
    "batch_norm": Large((FIELD, (32,), (32,))),
    "batch_norm_with_statistics": Large((FIELD, (32,), (32,), (32,), (32,))),
    "batch_norm_eval": Large((FIELD, (32,), (32,), (32,), (32,))),
    "group_norm": Large((FIELD, (32,), (32,)), {"num_groups": 4}),
    "instance_norm": Large((FIELD, (32,), (32,))),
    "local_response_norm": Large((FIELD,), {"size": 5}),
    "rnn": Large(((64, 16, 128), (1, 16, 128), *_cells(1))),
    "lstm": Large(((64, 16, 128), (1, 16, 128), (1, 16, 128), *_cells(4))),
    "gru": Large(((64, 16, 128), (1, 16, 128), *_cells(3))),
    "rnn_cell": Large(((64, 128), (64, 128), *_cells(1))),
    "lstm_cell": Large(((64, 128), (64, 128), (64, 128), *_cells(4))),
    "gru_cell": Large(((64, 128), (64, 128), *_cells(3))),
    "scaled_dot_product_attention": Large(((4, 8, 128, 64),) * 3),
    "masked_attention": Large((*((4, 8, 128, 64),) * 3, (128, 128))),
    "multi_head_attention": Large((*((128, 4, 256),) * 3, (768, 256), (768,), (256, 256), (256,)), {"num_heads": 8}),
    "rotary_embedding": Large(((4, 8, 128, 64),)),
    "positional_encoding": Large(((16, 128, 256),)),
    "transformer_encoder_layer": Large(
        (
            *((64, 8, 128), (384, 128), (384,), (128, 128), (128,), (512, 128), (512,), (128, 512), (128,)),
            *((128,),) * 4,
        ),
        {"nhead": 8},
    ),
    "upsample": Large((FIELD,), {"scale_factor": 2.0}),
    "pixel_shuffle": Large((FIELD,), {"upscale_factor": 2}),
    "pad": Large((FIELD,), {"pad": (1, 2, 2, 1)}),
    "gather": Large((ROWS, ROWS), {"dim": 1}),
    "slice": Large((ROWS,), {"dim": 1, "start": 3, "stop": 1000, "step": 2}),
    "split": Large((ROWS,), {"split_size": 256, "dim": 1}),
    "reshape": Large((ROWS,), {"shape": (1024, -1)}),
    "transpose": Large((ROWS,), {"dim0": 0, "dim1": 1}),
    "permute": Large(((64, 64, 64),), {"dims": (1, 2, 0)}),
    "squeeze": Large(((256, 1, 1024),), {"dim": 1}),
    "unsqueeze": Large((ROWS,), {"dim": 1}),
    "expand": Large(((256, 1, 64),), {"size": (256, 16, 64)}),
    "concat": Large((ROWS, ROWS, ROWS), {"dim": 1}),
    "stack": Large((ROWS, ROWS, ROWS), {"dim": 1}),
    "prelu": Large((ROWS, (1024,))),
    "spatial_dropout": Large((FIELD, (16, 32))),
    "stochastic_depth": Large((FIELD, (16,))),
    "cross_entropy": Large((ROWS, (256,))),
    "cross_entropy_probabilities": Large((ROWS, ROWS)),
    "nll": Large((ROWS, (256,))),
    "multi_margin": Large((ROWS, (256,))),
    "cosine_embedding": Large((ROWS, ROWS, (256,))),
    "ctc": Large(((50, 16, 20), (16, 10)), {"input_lengths": (50,) * 16, "target_lengths": (10,) * 16}),
}
TRAINING: Mapping[str, Any] = {
    **dict.fromkeys(("*shape", "*left", "*right", "*pairs", "*_part", "*condition"), ROWS),
    "*batch": (256,),
    "": 1024,
}


class Case(NamedTuple):
    """One rule at one size: the same work twice, and whether both sides gave the same."""

    rule: str
    ours: Callable[[], Any]
    eager: Callable[[], Any]


def case_of(rule: str, size: str, dtype: str) -> Case:
    arrays, config = _arrays(rule, size, dtype)
    value, saved = RULES[rule].forward(*arrays, **config)
    rng = np.random.default_rng(1)
    parts = value if isinstance(value, tuple) else (value,)
    cotangents = [np.asarray(rng.standard_normal(part.shape).astype(dtype)) for part in parts]
    dy = tuple(cotangents) if isinstance(value, tuple) else cotangents[0]
    tensors = [to_tensor(array) for array in arrays]
    # class weights and the like have no gradient
    moved = [grad is not None for grad in RULES[rule].backward(saved, dy)]
    free = [tensor.requires_grad_() for tensor, moves in zip(tensors, moved, strict=True) if moves]
    dys = [to_tensor(each) for each in cotangents]

    def ours() -> list[np.ndarray]:
        _, saved = RULES[rule].forward(*arrays, **config)
        return [grad for grad in RULES[rule].backward(saved, dy) if grad is not None]

    def eager() -> list[torch.Tensor]:
        result = MIRRORS[rule].torch(*tensors, **config)
        # a rule's result is an array of its own: where PyTorch gives a view of its input, it is made to copy as well
        results = [r.clone() if r._is_view() else r for r in (result if isinstance(result, tuple) else (result,))]
        moving = [(r, d) for r, d in zip(results, dys, strict=True) if r.requires_grad]
        outputs, along = zip(*moving, strict=True)
        return list(torch.autograd.grad(outputs, free, along, allow_unused=True))

    _require_same(rule, ours(), eager())
    return Case(rule, ours, eager)


def _require_same(rule: str, ours: list[np.ndarray], eager: list[Any]) -> None:
    # a guard against comparing different things, not a verdict: rounding is far below it
    for got, want in zip(ours, eager, strict=True):
        other = np.zeros_like(got) if want is None else want.numpy()
        scale = float(abs(other).max(initial=0)) or 1.0
        np.testing.assert_allclose(got, other, rtol=1e-2, atol=1e-3 * scale, err_msg=rule)


def _arrays(rule: str, size: str, dtype: str) -> tuple[list[np.ndarray], dict[str, Any]]:
    entry, axes = candidate_of(rule, RULES, CATALOGUE), SMALL if size == "fuzzing" else TRAINING
    large = LARGE.get(rule, Large(())) if size == "training" else Large(())
    leader = entry.shapes.leader
    first = entry.shapes.arrays[leader]
    sizes = {axis: axes.get(axis, axes[""]) for axis in first.dims if not axis.isdigit()}
    sizes = {a: max(n, entry.row.axes.get(a, 0)) if a[0] != "*" else n for a, n in sizes.items()}
    shape = large.shapes[leader] if len(large.shapes) > leader else fill(first.dims, sizes)
    bound = entry.shapes.read(leader, shape, {}) or {}
    config = {**next(iter(entry.configs(shape)), {}), **large.config}
    entry = entry.counted(bound, config)
    rng, found = np.random.default_rng(0), []
    shapes = [shape] * len(entry.shapes.arrays)
    for position in range(len(shapes)):
        if position != leader:
            shapes[position] = _shape(Want(entry, position, bound, config), large, axes, bound)
        bound = entry.shapes.read(position, shapes[position], bound) or bound
    for position, slot in enumerate(entry.shapes.arrays[: len(large.shapes) or None]):
        want, lowest = Want(entry, position, bound, config), entry.row.array(slot.stem).lowest
        if slot.integer:
            found.append(rng.integers(lowest, lowest + (want.classes or 1), shapes[position]))
        else:
            values = np.asarray(rng.standard_normal(shapes[position]))
            if position != leader and values.ndim == 2:  # weights that keep the scale of what they multiply
                values = values * max(shapes[position][-1], 1) ** -0.5
            found.append(np.asarray(values if want.domain is None else inside(values, want.domain)).astype(dtype))
    return found, config


def _shape(want: Want, large: Large, axes: Mapping[str, Any], bound: Mapping[str, Any]) -> Shape:
    if want.position < len(large.shapes):
        return large.shapes[want.position]
    if want.shapes:
        return want.shapes[0]
    return fill(want.slot.dims, {**{axis: axes.get(axis, axes[""]) for axis in want.slot.dims}, **bound})


def ratio(case: Case, repeats: int, seconds: float = 1.0) -> tuple[float, float]:
    """Our time over PyTorch's, and ours in milliseconds: medians over runs in turn, as many as some seconds hold."""
    pairs, start = [], time.perf_counter()
    for number in range(2 + repeats):
        pair = turn(case.ours, case.eager, number)
        if number >= 2:
            pairs.append(pair)
        if len(pairs) >= 5 and time.perf_counter() - start > seconds:
            break
    return statistics.median(a / b for a, b in pairs), statistics.median(a for a, _ in pairs) * 1e3


def rows(
    names: Iterable[str], sizes: Iterable[str], dtypes: Iterable[str], repeats: int
) -> list[tuple[str, str, str, float, float]]:
    found = []
    for size in sizes:
        for dtype in dtypes:
            for rule in track(list(names), f"{size}, {dtype}", console=Console(stderr=True)):
                found.append((size, dtype, rule, *ratio(case_of(rule, size, dtype), repeats)))
    return found


def as_json(found: Iterable[tuple[str, str, str, float, float]]) -> list[dict[str, Any]]:
    """The rows as the page reads them: a phase is a size and a dtype."""
    return [
        {"rule": rule, "phase": f"{size} sizes, {dtype}", "ours_ms": ours, "theirs_ms": ours / part, "ratio": part}
        for size, dtype, rule, part, ours in found
    ]


def main() -> None:
    names = partial(str.split, sep=",")
    parser = command_line.parser(__doc__)
    parser.add_argument("--rules", type=names, default=list(RULES), help="only these, separated by commas")
    parser.add_argument("--dtype", type=names, default=["float32", "float64"])
    parser.add_argument("--sizes", type=names, default=["fuzzing", "training"])
    parser.add_argument("--repeats", type=int, default=40, help="runs of each side at most (default 40)")
    parser.add_argument("--worst", type=int, default=25, help="rows of the table: the slowest rules (default 25)")
    parser.add_argument("--json", type=Path, help="write all rows to this file")
    short = {"rules": ["relu", "dense", "lstm"], "dtype": ["float32"], "sizes": ["fuzzing"], "repeats": 2}
    arguments = command_line.options(parser, **short)
    torch.set_num_threads(1)
    with threadpool_limits(1), np.errstate(all="ignore"):
        found = rows(arguments.rules, arguments.sizes, arguments.dtype, arguments.repeats)
    if arguments.json:
        arguments.json.write_text(json.dumps(as_json(found), indent=1) + "\n", encoding="utf-8")
    table = Table("size", "dtype", "rule", "ours / PyTorch", "ours, ms", title="the slowest")
    for size, dtype, rule, part, spent in sorted(found, key=lambda row: -row[3])[: arguments.worst]:
        table.add_row(size, dtype, rule, f"{part:.2f}", f"{spent:.3f}")
    console = Console(width=110)
    console.print(table)
    for size in arguments.sizes:
        for dtype in arguments.dtype:
            parts = [row[3] for row in found if row[:2] == (size, dtype)]
            mean = float(np.exp(np.mean(np.log(parts))))
            console.print(f"{size}, {dtype}: geometric mean of {len(parts)} rules {mean:.2f}, worst {max(parts):.2f}")


if __name__ == "__main__":
    main()
