"""Mirrors of the convolution rules."""

import warnings
from collections.abc import Mapping
from typing import Any

from backcheck_reference.frameworks.mirrors.mirror import Array, Mirror, Sizes, Tensor, per_axis
from backcheck_reference.lazy import F, jax


def _biased(y: Array, bias: Array | None) -> Array:
    return y if bias is None else y + bias.reshape(-1, *(1,) * (y.ndim - 2))


def _convolved(
    x: Array, weight: Array, bias: Array | None, stride: Sizes, padding: Sizes | str, dilation: Sizes, groups: int
) -> Array:
    axes = x.ndim - 2
    pads = padding.upper() if isinstance(padding, str) else [(p, p) for p in per_axis(padding, axes)]
    y = jax.lax.conv_general_dilated(
        x, weight, per_axis(stride, axes), pads, rhs_dilation=per_axis(dilation, axes), feature_group_count=groups
    )
    return _biased(y, bias)


def _convolved_transposed(
    x: Array,
    weight: Array,
    bias: Array | None,
    stride: Sizes,
    padding: Sizes,
    output_padding: Sizes,
    groups: int,
    dilation: Sizes,
) -> Array:
    axes, (channels, share, *kernel) = x.ndim - 2, weight.shape
    steps, pads, more, gaps = (per_axis(option, axes) for option in (stride, padding, output_padding, dilation))
    # the kernel flipped, from filters to channels within each group, over x with stride - 1 zeros between its entries
    grouped = weight.reshape(groups, channels // groups, share, *kernel).swapaxes(1, 2)
    flipped = jax.numpy.flip(grouped.reshape(groups * share, channels // groups, *kernel), range(2, 2 + axes))
    reach = [gap * (k - 1) - p for gap, k, p in zip(gaps, kernel, pads, strict=True)]
    borders = [(r, r + m) for r, m in zip(reach, more, strict=True)]
    y = jax.lax.conv_general_dilated(
        x, flipped, (1,) * axes, borders, lhs_dilation=steps, rhs_dilation=gaps, feature_group_count=groups
    )
    return _biased(y, bias)


def _patches(x: Array, kernel_size: Sizes, dilation: Sizes, padding: Sizes, stride: Sizes) -> Array:
    pads = [(p, p) for p in per_axis(padding, 2)]
    sizes = (per_axis(kernel_size, 2), per_axis(stride, 2))
    patches = jax.lax.conv_general_dilated_patches(x, *sizes, pads, rhs_dilation=per_axis(dilation, 2))
    return patches.reshape(*patches.shape[:2], -1)


def _folded(x: Array, output_size: Sizes, kernel_size: Sizes, dilation: Sizes, padding: Sizes, stride: Sizes) -> Array:
    """JAX has no fold: it is the transpose of taking patches."""
    kernel = per_axis(kernel_size, 2)
    image = jax.ShapeDtypeStruct((len(x), x.shape[1] // (kernel[0] * kernel[1]), *per_axis(output_size, 2)), x.dtype)
    (y,) = jax.linear_transpose(lambda y: _patches(y, kernel_size, dilation, padding, stride), image)(x)
    return y


def _torch_convolved(name: str, *options: Any) -> Tensor:
    with warnings.catch_warnings():  # PyTorch warns that "same" beside an even kernel copies the input
        warnings.simplefilter("ignore")
        return getattr(F, name)(*options)


def _convolution(name: str) -> Mirror:
    return Mirror(
        torch=lambda x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1: _torch_convolved(
            name, x, weight, bias, stride, padding, dilation, groups
        ),
        jax=lambda x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1: _convolved(
            x, weight, bias, stride, padding, dilation, groups
        ),
    )


def _transposed(name: str) -> Mirror:
    return Mirror(
        torch=lambda x, weight, bias=None, *, stride=1, padding=0, output_padding=0, groups=1, dilation=1: getattr(
            F, name
        )(x, weight, bias, stride, padding, output_padding, groups, dilation),
        jax=lambda x, weight, bias=None, *, stride=1, padding=0, output_padding=0, groups=1, dilation=1: (
            _convolved_transposed(x, weight, bias, stride, padding, output_padding, groups, dilation)
        ),
    )


MIRRORS: Mapping[str, Mirror] = {
    **{name: _convolution(name) for name in ("conv1d", "conv2d", "conv3d")},
    **{name: _transposed(name) for name in ("conv_transpose1d", "conv_transpose2d")},
    "unfold": Mirror(
        torch=lambda x, *, kernel_size, dilation=1, padding=0, stride=1: F.unfold(
            x, kernel_size, dilation, padding, stride
        ),
        jax=lambda x, *, kernel_size, dilation=1, padding=0, stride=1: _patches(
            x, kernel_size, dilation, padding, stride
        ),
    ),
    "fold": Mirror(
        torch=lambda x, *, output_size, kernel_size, dilation=1, padding=0, stride=1: F.fold(
            x, output_size, kernel_size, dilation, padding, stride
        ),
        jax=lambda x, *, output_size, kernel_size, dilation=1, padding=0, stride=1: _folded(
            x, output_size, kernel_size, dilation, padding, stride
        ),
    ),
}
