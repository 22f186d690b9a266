"""An Elman network over whole sequences, step by step as in `rnn_cell`: layers, both directions, tanh or relu.

Sequences come first, (steps, batch, width); h0 has a state for each layer and direction, and the weights are PyTorch's
flat weights: w_ih, w_hh, b_ih, b_hh for each.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.rules.recurrent import scan
from scratch_bp.rules.recurrent.rnn_cell import CELLS, cell_of
from scratch_bp.rules.shapes import AnyShape, Sequence, SequenceOut, States


class Saved(NamedTuple):
    nonlinearity: str
    scan: scan.Saved


def forward(
    x: Sequence,
    h0: States,
    *weights: AnyShape,
    num_layers: int = 1,
    nonlinearity: str = "tanh",
    bidirectional: bool = False,
    bias: bool = True,
) -> tuple[tuple[SequenceOut, States], Saved]:
    layers = scan.Layers(num_layers, 1 + bidirectional, bias)
    y, saved = scan.forward("rnn", cell_of("rnn", nonlinearity), x, (h0,), weights, layers)
    return y, Saved(nonlinearity, saved)


def backward(saved: Saved, dy: tuple[SequenceOut, States]) -> tuple[np.ndarray, ...]:
    return scan.backward(CELLS[saved.nonlinearity], saved.scan, dy)
