"""The same values in other memory, and kernels that are right for one layout only."""

import pytest
import torch

from backcheck.subjects.kernels.calls.call import call, torch_kernel
from backcheck.subjects.kernels.calls.layouts import LAYOUTS, draw_layouts, laid_out, layouts_of, said, sum_cotangent
from tests.subjects.kernels import planted


def first(options, /):
    return options[0]


@pytest.mark.parametrize("shape", [(), (1,), (6,), (4, 6), (1, 6), (2, 3, 4), (2, 3, 4, 5), (0, 3)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int64, torch.bool])
def test_every_layout_keeps_the_values(shape, dtype):
    x = torch.randint(0, 5, shape).to(dtype)
    for layout in LAYOUTS:
        made = laid_out(x, layout)
        assert made is None or torch.equal(made, x)
        assert made is None or made.dtype == dtype


def test_a_matrix_and_four_axes_have_these():
    x = torch.randn(4, 6)
    assert layouts_of(x) == ("contiguous", "transposed", "sliced", "part of rows", "offset")
    assert layouts_of(torch.randn(2, 3, 4, 5))[-2:] == ("heads swapped", "channels last")
    assert layouts_of(torch.ones(())) == ("contiguous", "offset")
    assert laid_out(x, "transposed").stride() == (1, 4)
    assert laid_out(x, "offset").data_ptr() % 8 == 4


def test_what_is_the_same_along_an_axis_is_expanded():
    y = torch.randn(4, 6, dtype=torch.float16)
    assert sum_cotangent(y).stride() == (0, 0)
    assert laid_out(torch.ones(4, 6), "expanded").stride() == (0, 0)
    assert laid_out(torch.arange(6.0).expand(4, 6), "expanded").stride() == (0, 1)
    assert laid_out(y, "expanded") is None


@pytest.mark.parametrize("layout", ["expanded", "transposed", "sliced", "part of rows"])
def test_a_kernel_that_ignores_strides_is_wrong_for_each_but_one(layout):
    x, w, dy = torch.randn(5, 7), torch.randn(7), torch.randn(5, 7)
    dy = torch.ones(5, 7) if layout == "expanded" else dy
    kernel = torch_kernel(planted.scaled_rows(backward=planted.ignores_strides))
    for each, right in (("contiguous", True), ("offset", True), (layout, False)):
        run = call(kernel, [x, w], [laid_out(dy, each)])
        assert torch.equal(run.gradients[0], dy * w) == right, said("dy", each)


@pytest.mark.parametrize("layout", ["expanded", "transposed", "sliced", "part of rows", "offset"])
def test_a_kernel_that_follows_strides_is_right_for_all(layout):
    x, w, dy = torch.randn(5, 7), torch.randn(7), torch.ones(5, 7)
    run = call(torch_kernel(planted.scaled_rows()), [x, w], [laid_out(dy, layout)], fill=1e30)
    assert torch.equal(run.gradients[0], dy * w)
    assert run.damage == ()


def test_layouts_are_drawn_simplest_first():
    tensors = {"x": torch.randn(3, 4), "dy": torch.ones(3)}
    assert draw_layouts(first, tensors) == {"x": "contiguous", "dy": "contiguous"}
    odd = draw_layouts(lambda options: options[min(2, len(options) - 1)], {"x": torch.randn(3, 4)})
    assert odd == {"x": "transposed"}
