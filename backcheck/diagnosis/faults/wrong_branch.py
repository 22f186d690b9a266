"""Kinks, masks and thresholds: entries at which the backward takes another branch than the forward."""

from collections.abc import Callable, Iterator

import numpy as np

from backcheck.diagnosis.faults.alternatives import explains
from backcheck.diagnosis.faults.fit import at_kinks, close, fits, is_truth, largest, matches, off, outside, peak, simple
from backcheck.diagnosis.faults.words import number, places, roundest, some
from backcheck.diagnosis.faults.wrong_gradient import Wrong, floats, named_arrays, options
from backcheck_reports.number_format import MOST_DIGITS


def wrong_kink(wrong: Wrong) -> str | None:
    """Right wherever there is a derivative; at some kink, not between the one-sided slopes."""
    bad, kink = outside(wrong), at_kinks(wrong)
    if not np.any(bad) or np.any(bad & ~kink) or wrong.lower is None or wrong.upper is None:
        return None
    at = tuple(np.argwhere(bad)[0])
    low, high, used, what = wrong.lower[at], wrong.upper[at], wrong.got[at], "gradient"
    if wrong.dy.shape == bad.shape and wrong.dy[at]:
        low, high = sorted((low / wrong.dy[at], high / wrong.dy[at]))
        used, what = used / wrong.dy[at], "slope"
    told = [number(used), *map(number, (low, high))]
    digits = 4
    while told[0] in told[1:] and digits < MOST_DIGITS:  # so many as show that it is not the end that it is next to
        digits += 1
        told = [f"{each:.{digits}g}" for each in (used, low, high)]
    array = wrong.inputs.get(wrong.argument)
    where = f", where {wrong.argument} is {number(array[at])}" if array is not None and array.ndim == len(at) else ""
    return (
        f"right except at the kink, {some(int(bad.sum()), bad.size)}: {places(bad)}{where}; "
        f"the {what} used there is {told[0]}, allowed is {' to '.join(told[1:])}"
    )


def clipped(wrong: Wrong) -> str | None:
    """All larger entries are cut to one size. This size is the value of an option, or is met more than once."""
    limit = _limit(wrong, wrong.got)
    # with nothing left below the limit, or a cotangent of one size, got may be one number by another formula
    below = (wrong.want != 0) & (abs(wrong.want) < limit * (1 - 1e-9))
    sizes = np.unique(abs(wrong.dy))
    if (
        not limit
        or below.sum() < 2
        or (wrong.dy.size > 1 and sizes.size < 2)
        or not matches(wrong, np.clip(wrong.want, -limit, limit))
    ):
        return None
    return (
        f"got is want clipped to {number(limit)}, {some(int(off(wrong).sum()), wrong.got.size)}; the others are right"
    )


def not_clipped(wrong: Wrong) -> str | None:
    """The slope ends at a limit, as that of huber does at delta; got goes on in a straight line."""
    limit = _limit(wrong, wrong.want)
    if not limit or not is_truth(wrong, np.clip(wrong.got, -limit, limit)):
        return None
    for words, array in _residuals(wrong):
        at = largest(wrong, np.where(off(wrong), 0.0, array))
        line = wrong.got[at] / array[at] * array if array[at] else np.zeros_like(array)
        if np.any(line) and matches(wrong, line):
            return f"want is got clipped to {number(limit)}: got is proportional to {words} throughout"
    return None


def _residuals(wrong: Wrong) -> Iterator[tuple[str, np.ndarray]]:
    """The first array, and its difference to another."""
    named = [(name, array) for name, array in floats(wrong).items() if array.shape == wrong.want.shape]
    for name, array in named[:1]:
        yield name, array
        yield from ((f"{name} - {other}", array - minus) for other, minus in named[1:])


def _limit(wrong: Wrong, cut: np.ndarray) -> float:
    """The one size that all wrong entries have in `cut`; 0 if there is none, or if it may be chance."""
    sizes = abs(cut[off(wrong)])
    limit = float(sizes.max(initial=0.0))
    if not sizes.size or not np.all(close(sizes, np.full_like(sizes, limit), wrong.digits)):
        return 0.0
    if sizes.size < 2:  # the limit is read off the answer: one entry has no other to confirm it
        return 0.0
    scales = (1.0, peak(wrong.dy), peak(wrong.dy) / max(1, cut.size))  # dy as it is, and behind a mean
    numbers = [v for v in options(wrong).values() if isinstance(v, int | float) and not isinstance(v, bool)]
    known = [abs(float(v)) * scale for v in (1.0, *numbers) for scale in scales]
    is_option = any(abs(limit - value) <= 1e-9 * limit for value in known)
    repeated = sizes.size > 2 or (sizes.size > 1 and not simple(sizes)[0])
    return limit if is_option or repeated else 0.0


# the sides of a threshold: in words, the size that grows towards the side, and the sign of the threshold in it
THRESHOLD_SIDES: tuple[tuple[str, Callable[[np.ndarray], np.ndarray], int], ...] = (
    ("|{name}| > {t}", abs, 1),
    ("{name} > {t}", lambda a: a, 1),
    ("{name} < {t}", lambda a: -a, -1),
)


def saturated(wrong: Wrong) -> str | None:
    """Beyond a threshold of an input got is zero, or just dy; elsewhere it is right."""
    changed = off(wrong)
    dy = wrong.dy if wrong.dy.shape == changed.shape else np.ones(changed.shape)
    if changed.sum() < 2 or np.any(changed & (dy == 0)) or (~changed & (wrong.want != 0)).sum() < 2:
        return None
    if not np.any(wrong.got[changed]):
        what = "zero"
    elif wrong.dy.shape == changed.shape and matches(wrong, np.where(changed, wrong.dy, wrong.want)):
        what = "just dy"
    else:
        return None
    threshold = _threshold(wrong, changed)
    return threshold and f"got is {what} wherever {threshold}, and right elsewhere"


def _threshold(wrong: Wrong, changed: np.ndarray) -> str | None:
    """A condition on an array that holds exactly at the changed entries."""
    for name, array in named_arrays(wrong).items():
        if array.shape != changed.shape:
            continue
        for words, key, sign in THRESHOLD_SIDES:
            size = key(array)
            below, above = float(size[~changed].max()), float(size[changed].min())
            if below < above:
                said = words.format(name=name, t=number(sign * roundest(below, above)))
                low, high = sorted((sign * below, sign * above))
                return f"{said} (the threshold lies between {number(low)} and {number(high)})"
    return None


def masked(wrong: Wrong) -> str | None:
    """Nonzero where the gradient is zero: there got is what it would be without the mask."""
    extra = (wrong.want == 0) & (wrong.got != 0)
    if not np.any(extra) or np.any(off(wrong) & ~extra):
        return None
    head = f"got is nonzero in {int(extra.sum())} entries where the gradient is zero, and right in the others: "
    for name in _masks(wrong):
        if explains(wrong, inputs={name: np.ones_like(wrong.inputs[name])}):
            return f"{head}the mask {name} is ignored"
    return f"{head}it is dy there, as without a mask" if _as_elsewhere(wrong, extra) else None


def _masks(wrong: Wrong) -> list[str]:
    """The inputs of zeros and ones."""
    return [
        name
        for name, array in wrong.inputs.items()
        if name != wrong.argument and np.all((array == 0) | (array == 1)) and not np.all(array)
    ]


def _as_elsewhere(wrong: Wrong, extra: np.ndarray) -> bool:
    """Whether got is the same multiple of dy at the masked entries as at the others."""
    if wrong.dy.shape != extra.shape or not np.any(wrong.got[~extra]):
        return False
    at = largest(wrong, np.where(extra, 0.0, wrong.want * wrong.dy))
    return bool(wrong.dy[at]) and fits(wrong, wrong.got[at] / wrong.dy[at] * wrong.dy)
