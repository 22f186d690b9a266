"""Gated recurrent units over whole sequences, step by step as in `gru_cell`: layers, both directions.

Sequences come first, (steps, batch, width); h0 has a state for each layer and direction, and the weights are PyTorch's
flat weights: w_ih, w_hh, b_ih, b_hh for each, the gates in the order r, z, n.
"""

import numpy as np

from scratch_bp.rules.recurrent import scan
from scratch_bp.rules.recurrent.gru_cell import CELL
from scratch_bp.rules.shapes import AnyShape, Sequence, SequenceOut, States


def forward(
    x: Sequence,
    h0: States,
    *weights: AnyShape,
    num_layers: int = 1,
    bidirectional: bool = False,
    bias: bool = True,
) -> tuple[tuple[SequenceOut, States], scan.Saved]:
    return scan.forward("gru", CELL, x, (h0,), weights, scan.Layers(num_layers, 1 + bidirectional, bias))


def backward(saved: scan.Saved, dy: tuple[SequenceOut, States]) -> tuple[np.ndarray, ...]:
    return scan.backward(CELL, saved, dy)
