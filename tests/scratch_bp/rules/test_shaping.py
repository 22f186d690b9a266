"""What the shaping rules refuse, and the shapes with axes of 1 that theirs are about."""

import numpy as np
import pytest

from backcheck.verdicts.check import check
from scratch_bp.network import ArraySpec, Network, Node
from scratch_bp.rules import RULES


@pytest.mark.parametrize(
    ("rule", "config", "said"),
    [
        ("reshape", {"shape": (4, 2)}, r"as many entries as x, 12, .* got \(4, 2\)"),
        ("reshape", {"shape": (-1, -1)}, "with one -1 at most"),
        ("reshape", {"shape": (-1, 5)}, "got"),
        ("reshape", {"shape": (-2, -6)}, "got"),
        ("flatten", {"start_dim": 2, "end_dim": 1}, "start_dim is no later axis than end_dim, got 2 and 1"),
        ("flatten", {"end_dim": 3}, "end_dim is an axis -3..2 of 3, got 3"),
        ("squeeze", {"dim": (0, 3)}, "dim is an axis -3..2 of 3, got 3"),
        ("unsqueeze", {"dim": -5}, "dim is an axis -4..3 of 4, got -5"),
        ("transpose", {"dim0": 0, "dim1": 3}, "dim1 is an axis -3..2 of 3, got 3"),
        ("permute", {"dims": (0, 1, 1)}, r"each of the 3 axes once, got \(0, 1, 1\)"),
        ("permute", {"dims": (0, 1)}, "each of the 3 axes once"),
        ("expand", {"size": (2, 2, 4)}, r"got \(2, 2, 4\) for \[2, 3, 2\]"),
        ("expand", {"size": (3, 2)}, "size has every axis of x"),
        ("expand", {"size": (-1, 2, 3, 2)}, "the new axes before"),
        ("split", {"split_size": 0}, "split_size is at least 1, got 0"),
        ("split", {"split_size": (1, 2), "dim": 0}, r"the 2 entries of the axis, got \(1, 2\)"),
        ("split", {"split_size": (3, -1), "dim": 0}, r"got \(3, -1\)"),
        ("slice", {"step": 0}, "step is at least 1, got 0"),
        ("slice", {"step": -1}, "step is at least 1, got -1"),
        ("pad", {"pad": (1, 2, 3)}, r"two numbers for each axis.* got \(1, 2, 3\)"),
        ("pad", {"pad": (0,) * 8}, "3 axes here"),
        ("pad", {"pad": (1, 1), "mode": "edge"}, "mode is one of constant, .*, got 'edge'"),
        ("pad", {"pad": (2, 0), "mode": "reflect"}, r"'reflect' cannot put \(2, 0\) around an axis of 2"),
        ("pad", {"pad": (3, 0), "mode": "circular"}, "around an axis of 2"),
        ("pad", {"pad": (-1, 0), "mode": "replicate"}, r"cannot put \(-1, 0\)"),
        ("pad", {"pad": (-2, -1)}, r"'constant' cannot put \(-2, -1\) around an axis of 2"),
        ("pad", {"pad": (1, 1), "mode": "circular", "value": 1.0}, "value goes with mode 'constant' only, got 1.0"),
        ("pixel_shuffle", {"upscale_factor": 2}, "its square divides 2 channels; got 2"),
        ("pixel_shuffle", {"upscale_factor": 0}, "upscale_factor is at least 1"),
    ],
)
def test_what_does_not_go_with_the_array_is_refused(rule, config, said):
    with pytest.raises(ValueError, match=f"^{rule}: .*{said}"):
        RULES[rule].forward(np.ones((2, 3, 2)), **config)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({}, "either size or scale_factor is given, got size=None and scale_factor=None"),
        ({"size": 2, "scale_factor": 2.0}, "either size or scale_factor"),
        ({"size": 2, "mode": "bicubic"}, "mode is one of nearest, bilinear, got 'bicubic'"),
        ({"size": 2, "align_corners": True}, "goes with mode 'bilinear' only, got True with 'nearest'"),
        ({"scale_factor": 0.25}, "at least one place is left of an axis, got 0 from 3"),
        ({"size": (2, 0)}, "got 0 from 2"),
    ],
)
def test_an_upsampling_that_is_none_is_refused(config, said):
    with pytest.raises(ValueError, match=f"^upsample: .*{said}"):
        RULES["upsample"].forward(np.ones((1, 1, 3, 2)), **config)


@pytest.mark.parametrize(
    ("shape", "dim", "said"),
    [
        ((2, 3, 2), 3, "dim is an axis -3..2 of 3, got 3"),
        ((2, 3), 0, r"got \[2, 3\] for \[2, 3, 2\]"),
        ((2, 4, 2), 0, "none but axis 0 longer than there"),
    ],
)
def test_an_index_that_does_not_go_with_the_array_is_refused(shape, dim, said):
    with pytest.raises(ValueError, match=f"^gather: .*{said}"):
        RULES["gather"].forward(np.ones((2, 3, 2)), np.zeros(shape, int), dim=dim)


@pytest.mark.parametrize("index", [[[[2]]], [[[-1]]]])
def test_an_index_outside_of_the_axis_is_refused(index):
    with pytest.raises(ValueError, match=r"^gather: indices are 0..1 of 2, got"):
        RULES["gather"].forward(np.ones((2, 3, 2)), np.array(index), dim=0)


@pytest.mark.parametrize(
    ("rule", "shape", "config"),
    [
        ("squeeze", (1, 2, 1), {}),
        ("squeeze", (1, 1), {}),
        ("squeeze", (1, 2, 1), {"dim": 0}),
        ("squeeze", (1, 2, 1), {"dim": (0, -1)}),
        ("squeeze", (1, 2, 1), {"dim": 1}),
        ("squeeze", (), {}),
        ("expand", (1, 2, 1), {"size": (3, 2, 4)}),
        ("expand", (1, 2, 1), {"size": (2, -1, 2, 3)}),
        ("expand", (), {"size": (2, 3)}),
        ("flatten", (), {}),
        ("pad", (2, 3), {"pad": (-4, 3)}),
        ("pad", (2, 3), {"pad": (3, -4, -1, 0), "value": 2.0}),
        ("slice", (3,), {"start": -9, "stop": 9, "step": 5}),
        ("permute", (2, 3, 4), {"dims": (-1, 0, 1)}),
    ],
)
def test_axes_of_one_and_other_edges_agree_with_pytorch(rule, shape, config):
    pytest.importorskip("torch")
    rng = np.random.Generator(np.random.PCG64(0))
    x = np.asarray(rng.standard_normal(shape))
    dy = np.asarray(rng.standard_normal(RULES[rule].forward(x, **config)[0].shape))
    network = Network({"x": ArraySpec(shape)}, (Node("y", rule, ("x",), config),), "y")
    checked = check(network, {"x": x}, dy, oracles=("torch", "exact"))
    assert not checked.disagreements, checked.measures
