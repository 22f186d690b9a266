"""Mirrors of the convolution rules."""

import warnings
from collections.abc import Mapping

from backcheck_reference.frameworks.mirrors.mirror import Mirror
from backcheck_reference.lazy import F, jax


def _each(value, axes):
    return value if isinstance(value, tuple) else (value,) * axes


def _torch(name):
    def convolved(x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1):
        with warnings.catch_warnings():  # that "same" pads one more behind an even kernel is said with a copy's cost
            warnings.simplefilter("ignore")
            return getattr(F, name)(x, weight, bias, stride, padding, dilation, groups)

    return convolved


def _torch_transposed(name):
    def convolved(x, weight, bias=None, *, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
        return getattr(F, name)(x, weight, bias, stride, padding, output_padding, groups, dilation)

    return convolved


def _biased(y, bias):
    return y if bias is None else y + bias.reshape(-1, *(1,) * (y.ndim - 2))


def _jax(x, weight, bias=None, *, stride=1, padding=0, dilation=1, groups=1):
    axes = x.ndim - 2
    pads = padding.upper() if isinstance(padding, str) else [(p, p) for p in _each(padding, axes)]
    y = jax.lax.conv_general_dilated(
        x, weight, _each(stride, axes), pads, rhs_dilation=_each(dilation, axes), feature_group_count=groups
    )
    return _biased(y, bias)


def _jax_transposed(x, weight, bias=None, *, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    axes, (channels, share, *kernel) = x.ndim - 2, weight.shape
    options = (_each(option, axes) for option in (stride, padding, output_padding, dilation))
    steps, pads, more, gaps = options
    # the kernel flipped, from filters to channels within each group, over x with stride - 1 zeros between its entries
    grouped = weight.reshape(groups, channels // groups, share, *kernel).swapaxes(1, 2)
    flipped = jax.numpy.flip(grouped.reshape(groups * share, channels // groups, *kernel), range(2, 2 + axes))
    reach = [gap * (k - 1) - p for gap, k, p in zip(gaps, kernel, pads, strict=True)]
    borders = [(r, r + m) for r, m in zip(reach, more, strict=True)]
    y = jax.lax.conv_general_dilated(
        x, flipped, (1,) * axes, borders, lhs_dilation=steps, rhs_dilation=gaps, feature_group_count=groups
    )
    return _biased(y, bias)


def _patches(x, kernel_size, dilation, padding, stride):
    pads = [(p, p) for p in _each(padding, 2)]
    sizes = (_each(kernel_size, 2), _each(stride, 2))
    patches = jax.lax.conv_general_dilated_patches(x, *sizes, pads, rhs_dilation=_each(dilation, 2))
    return patches.reshape(*patches.shape[:2], -1)


def _folded(x, output_size, kernel_size, dilation, padding, stride):
    """JAX has no fold: it is the transpose of taking patches."""
    kernel = _each(kernel_size, 2)
    image = jax.ShapeDtypeStruct((len(x), x.shape[1] // (kernel[0] * kernel[1]), *_each(output_size, 2)), x.dtype)
    (y,) = jax.linear_transpose(lambda y: _patches(y, kernel_size, dilation, padding, stride), image)(x)
    return y


MIRRORS: Mapping[str, Mirror] = {
    "conv1d": Mirror(torch=_torch("conv1d"), jax=_jax),
    "conv2d": Mirror(torch=_torch("conv2d"), jax=_jax),
    "conv3d": Mirror(torch=_torch("conv3d"), jax=_jax),
    "conv_transpose1d": Mirror(torch=_torch_transposed("conv_transpose1d"), jax=_jax_transposed),
    "conv_transpose2d": Mirror(torch=_torch_transposed("conv_transpose2d"), jax=_jax_transposed),
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
