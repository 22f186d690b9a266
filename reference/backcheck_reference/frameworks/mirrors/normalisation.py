"""Mirrors of the normalisations. JAX has none of its own: each is written from its pieces."""

from collections.abc import Callable, Mapping
from functools import partial

from backcheck_reference.frameworks.mirrors.mirror import Array, Axes, Mirror, Tensor
from backcheck_reference.frameworks.mirrors.reductions import norm, torch_norm
from backcheck_reference.lazy import F, LazyModule, jnp, torch

Either = Tensor | Array


def _shape(x: Either, normalized_shape: tuple[int, ...] | None) -> tuple[int, ...]:
    return x.shape[-1:] if normalized_shape is None else normalized_shape


def _trailing(x: Array, normalized_shape: tuple[int, ...] | None) -> tuple[int, ...]:
    return tuple(range(-len(_shape(x, normalized_shape)), 0))


def _standardise(x: Array, axes: Axes, eps: float) -> Array:
    centred = x - x.mean(axes, keepdims=True)
    return centred / jnp.sqrt(jnp.square(centred).mean(axes, keepdims=True) + eps)


def _affine(xhat: Either, weight: Either | None, bias: Either | None) -> Either:
    xhat = xhat if weight is None else xhat * weight
    return xhat if bias is None else xhat + bias


def _space(x: Either) -> tuple[int, ...]:
    return tuple(range(2, x.ndim))


def _along(x: Either, *vectors: Either | None) -> tuple[Either, ...]:
    """Vectors of the channels, to be broadcast with x."""
    return tuple(None if each is None else each.reshape(-1, *(1,) * (x.ndim - 2)) for each in vectors)


def _by_statistics(
    library: LazyModule,
    x: Either,
    running_mean: Either,
    running_var: Either,
    weight: Either | None = None,
    bias: Either | None = None,
    *,
    eps: float = 1e-5,
) -> Either:
    """The same formula in both frameworks."""
    mean, var, weight, bias = _along(x, running_mean, running_var, weight, bias)
    return _affine((x - mean) / library.sqrt(var + eps), weight, bias)


def _moved(running: Either, batch: Either, momentum: float) -> Either:
    return (1 - momentum) * running + momentum * batch


def _in_order(normalise: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """y = normalise(x), with x and the cotangent of y in the usual order in memory.

    PyTorch 2.13's backward of batch and instance norm on a CPU mixes up entries where the two lie in different orders,
    such as a cotangent that was permuted: a test shows it.
    """
    y = normalise(x.contiguous())
    if y.requires_grad:
        y.register_hook(lambda dy: None if dy is None else dy.contiguous())
    return y


def _torch_with_statistics(
    x: Tensor, running_mean: Tensor, running_var: Tensor, affine: tuple[Tensor | None, ...], momentum: float, eps: float
) -> tuple[Tensor, ...]:
    # PyTorch writes the new statistics over the old ones and has no gradient of them: they are by the formula
    copies = running_mean.detach().clone(), running_var.detach().clone()
    y = _in_order(lambda x: F.batch_norm(x, *copies, *affine, True, momentum, eps), x)
    var, mean = torch.var_mean(x, (0, *_space(x)), correction=1)
    return y, _moved(running_mean, mean, momentum), _moved(running_var, var, momentum)


def _jax_with_statistics(
    x: Array, running_mean: Array, running_var: Array, affine: tuple[Array | None, ...], momentum: float, eps: float
) -> tuple[Array, ...]:
    axes = (0, *_space(x))
    y = _affine(_standardise(x, axes, eps), *_along(x, *affine))
    mean, var = jnp.mean(x, axis=axes), jnp.var(x, axis=axes, ddof=1)
    return y, _moved(running_mean, mean, momentum), _moved(running_var, var, momentum)


def _response(x: Array, size: int, alpha: float, beta: float, k: float) -> Array:
    padded = jnp.pad(jnp.square(x), ((0, 0), (size // 2, (size - 1) // 2), *((0, 0),) * (x.ndim - 2)))
    total = sum(padded[:, i : i + x.shape[1]] for i in range(size))
    return x / (k + alpha * total / size) ** beta


MIRRORS: Mapping[str, Mirror] = {
    "layer_norm": Mirror(
        torch=lambda x, gamma=None, beta=None, *, normalized_shape=None, eps=1e-5: F.layer_norm(
            x, _shape(x, normalized_shape), gamma, beta, eps
        ),
        jax=lambda x, gamma=None, beta=None, *, normalized_shape=None, eps=1e-5: _affine(
            _standardise(x, _trailing(x, normalized_shape), eps), gamma, beta
        ),
    ),
    "rms_norm": Mirror(
        torch=lambda x, weight=None, *, normalized_shape=None, eps=1e-5: F.rms_norm(
            x, _shape(x, normalized_shape), weight, eps
        ),
        jax=lambda x, weight=None, *, normalized_shape=None, eps=1e-5: _affine(
            x / jnp.sqrt(jnp.square(x).mean(_trailing(x, normalized_shape), keepdims=True) + eps), weight, None
        ),
    ),
    "batch_norm": Mirror(
        torch=lambda x, weight=None, bias=None, *, eps=1e-5: _in_order(
            lambda x: F.batch_norm(x, None, None, weight, bias, True, eps=eps), x
        ),
        jax=lambda x, weight=None, bias=None, *, eps=1e-5: _affine(
            _standardise(x, (0, *_space(x)), eps), *_along(x, weight, bias)
        ),
    ),
    "batch_norm_with_statistics": Mirror(
        torch=lambda x, running_mean, running_var, weight=None, bias=None, *, momentum=0.1, eps=1e-5: (
            _torch_with_statistics(x, running_mean, running_var, (weight, bias), momentum, eps)
        ),
        jax=lambda x, running_mean, running_var, weight=None, bias=None, *, momentum=0.1, eps=1e-5: (
            _jax_with_statistics(x, running_mean, running_var, (weight, bias), momentum, eps)
        ),
    ),
    # F.batch_norm takes the statistics for constants: a test holds it to this value and to the other gradients
    "batch_norm_eval": Mirror(torch=partial(_by_statistics, torch), jax=partial(_by_statistics, jnp)),
    "group_norm": Mirror(
        torch=lambda x, weight=None, bias=None, *, num_groups, eps=1e-5: F.group_norm(x, num_groups, weight, bias, eps),
        jax=lambda x, weight=None, bias=None, *, num_groups, eps=1e-5: _affine(
            _standardise(x.reshape(x.shape[0], num_groups, -1), -1, eps).reshape(x.shape), *_along(x, weight, bias)
        ),
    ),
    "instance_norm": Mirror(
        torch=lambda x, weight=None, bias=None, *, eps=1e-5: _in_order(
            lambda x: F.instance_norm(x, weight=weight, bias=bias, eps=eps), x
        ),
        jax=lambda x, weight=None, bias=None, *, eps=1e-5: _affine(
            _standardise(x, _space(x), eps), *_along(x, weight, bias)
        ),
    ),
    "local_response_norm": Mirror(
        torch=lambda x, *, size, alpha=1e-4, beta=0.75, k=1.0: F.local_response_norm(x, size, alpha, beta, k),
        jax=lambda x, *, size, alpha=1e-4, beta=0.75, k=1.0: _response(x, size, alpha, beta, k),
    ),
    "normalize": Mirror(
        torch=lambda x, *, p=2.0, dim=1, eps=1e-12: (
            F.normalize(x, p, dim, eps)
            if p in (1, 2, float("inf"))
            else x / torch_norm(x, ord=p, dim=dim, keepdim=True).clamp_min(eps)
        ),
        jax=lambda x, *, p=2.0, dim=1, eps=1e-12: x / jnp.maximum(norm(x, ord=p, dim=dim, keepdim=True), eps),
    ),
    "weight_norm": Mirror(
        # the function behind torch.nn.utils.weight_norm, whose -1 stands for all axes
        torch=lambda v, g, *, dim=0: torch._weight_norm(v, g, -1 if dim is None else dim),
        jax=lambda v, g, *, dim=0: (
            g * (v / jnp.sqrt(jnp.square(v).sum(tuple(n for n in range(v.ndim) if n != dim), keepdims=dim is not None)))
        ),
    ),
}
