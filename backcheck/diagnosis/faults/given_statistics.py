"""Normalisation by statistics that are given, as a batch norm's in evaluation, differentiated as in training.

With the statistics given, y = s (x - m) + beta, with one s and one m for each channel, and dx = s dy. In training they
hang on x, and dx has two terms more. Whether they are given is seen from the truth: it is dy times one factor for each
channel.
"""

from collections.abc import Iterator

import numpy as np

from backcheck.diagnosis.faults.fit import close, fits
from backcheck.diagnosis.faults.norms import Norm, d_x, norms
from backcheck.diagnosis.faults.words import axes_in_words
from backcheck.diagnosis.faults.wrong_gradient import Wrong

LEAST_ENTRIES = 4


def given_statistics(wrong: Wrong) -> str | None:
    if wrong.known is not None or wrong.value is None or wrong.want.size < LEAST_ENTRIES:
        return None
    if not wrong.dy.shape == wrong.want.shape == wrong.value.shape == wrong.got.shape:
        return None
    for norm in norms(wrong):
        factor = _factor(wrong, norm.axes) if norm.centred and norm.count > 1 else None
        if factor is None:
            continue
        for words, candidate in _as_in_training(wrong, norm, factor):
            if fits(wrong, candidate):
                return (
                    f"want is dy times one factor for each channel, since the statistics over "
                    f"{axes_in_words(norm.axes)} are given; got is the gradient as in training, {words}"
                )
    return None


def _factor(wrong: Wrong, axes: tuple[int, ...]) -> np.ndarray | None:
    """The one factor of each channel, if want is dy times that."""
    if not np.all(wrong.dy):
        return None
    each = wrong.want / wrong.dy
    mean = each.mean(axis=axes, keepdims=True)
    return mean if np.any(mean) and bool(np.all(close(each, np.broadcast_to(mean, each.shape), wrong.digits))) else None


def _as_in_training(wrong: Wrong, norm: Norm, factor: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """The training formula in words and as numbers: by x's own statistics, or with the given ones in their place."""
    yield "through the mean and the variance of x", d_x(norm)
    dy = wrong.dy
    yield "through the mean", factor * (dy - norm.average(dy))
    centred = norm.x - norm.average(norm.x)
    xhats = [centred / np.sqrt(norm.average(centred**2) + norm.eps)]
    if wrong.value is not None:
        for shift in _shifts(wrong, norm):
            xhats.append((wrong.value - shift) / norm.gamma)
    for xhat in xhats:
        yield (
            "with the terms mean(dxhat) and xhat mean(dxhat xhat)",
            factor * (dy - norm.average(dy) - xhat * norm.average(dy * xhat)),
        )


def _shifts(wrong: Wrong, norm: Norm) -> Iterator[np.ndarray]:
    """What may be beta: the arrays that have one number for each channel, in the shape of gamma."""
    yield np.zeros_like(norm.gamma)
    for array in wrong.inputs.values():
        if array.dtype.kind == "f" and array.size == norm.gamma.size > 1:
            yield array.reshape(norm.gamma.shape)
