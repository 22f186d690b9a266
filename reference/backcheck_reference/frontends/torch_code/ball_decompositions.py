"""Operators that PyTorch does not take apart itself, as ordinary PyTorch code of others that have a form."""

from collections.abc import Callable
from typing import Any

from backcheck_reference.lazy import torch


def _of_line(kind: str, size: int, wanted: int, align_corners: bool, scale: Any) -> Any:
    """How interpolation along one axis makes each of its `wanted` numbers of `size`: its values on unit vectors."""
    units = torch.eye(size, dtype=torch.float64)
    if kind == "cubic":
        rows = torch.ops.aten.upsample_bicubic2d(units[None, :, None], [1, wanted], align_corners, None, scale)
        return rows[0, :, 0]
    return torch.ops.aten.upsample_linear1d(units[None], [wanted], align_corners, scale)[0]


def _of_grid(kind: str) -> Callable[..., Any]:
    def run(grad: Any, output_size: Any, input_size: Any, align_corners: bool, *scales: Any) -> Any:
        """Axis by axis, by the transpose of what forward does there."""
        spatial = len(output_size)
        given = [*scales, *[None] * (spatial - len(scales))]
        for at in range(spatial):
            axis = at - spatial
            rows = _of_line(kind, input_size[axis], output_size[at], align_corners, given[at])
            grad = (grad.transpose(axis, -1) @ rows.transpose(0, 1).to(grad.dtype)).transpose(axis, -1)
        return grad

    return run


DECOMPOSITIONS: dict[str, Callable[..., Any]] = {
    "upsample_linear1d_backward": _of_grid("linear"),
    "upsample_bilinear2d_backward": _of_grid("linear"),
    "upsample_trilinear3d_backward": _of_grid("linear"),
    "upsample_bicubic2d_backward": _of_grid("cubic"),
}
