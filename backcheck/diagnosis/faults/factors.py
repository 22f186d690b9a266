"""Got is want times one number: which quantity is this number?"""

import math
from collections.abc import Callable

import numpy as np

from backcheck.diagnosis.faults.fit import evidence, fits, largest, looked_at, matches
from backcheck.diagnosis.faults.words import entries, listed, number, some
from backcheck.diagnosis.faults.wrong_gradient import Wrong, first, options

FactorForm = tuple[Callable[[float], float], str]  # the factor from a quantity, and the words for it

# what the factor may be of a size n > 1, and what it then says
LIKELY_SIZE_FORMS: tuple[FactorForm, ...] = (
    (lambda n: n, "{name} is {n}: the mean over it seems to be missing"),
    (lambda n: 1 / n, "{name} is {n}, and this is 1/{n}: divided by it once too often"),
)
UNLIKELY_SIZE_FORMS: tuple[FactorForm, ...] = (
    (lambda n: n * n, "{name} is {n}, and this is its square"),
    (lambda n: 1 / (n * n), "{name} is {n}, and this is 1/{n}^2: divided by it twice too often"),
    (lambda n: math.sqrt(n), "{name} is {n}, and this is its square root: not divided by it"),
    (lambda n: 1 / math.sqrt(n), "{name} is {n}, and this is 1/sqrt({n}): divided by the root once too often"),
)

# the same for an option with the value c
OPTION_FORMS: tuple[FactorForm, ...] = (
    (lambda c: c, "the option {name} is {c}: it is multiplied in once too often"),
    (lambda c: 1 / c, "the option {name} is {c}: it is not multiplied in"),
    (lambda c: c * c, "the option {name} is {c}, and this is its square"),
)

FACTORS_OF_TWO = ((2.0, "a factor 2 is counted twice"), (0.5, "a factor 2 is missing"))

AXIS_NAMES = ("dim", "axis", "axes")
DROP_NAMES = ("p", "rate", "drop", "dropout", "drop_rate", "keep", "keep_prob")


def ratio(wrong: Wrong) -> float | None:
    """The number c for which got = c want in all entries; None if there is none."""
    if not np.any(looked_at(wrong, wrong.want)) or not np.any(wrong.got):
        return None
    at = largest(wrong, wrong.want)
    factor = float(wrong.got[at] / wrong.want[at])
    return factor if matches(wrong, factor * wrong.want) else None


def _is(wrong: Wrong, factor: float | None, value: float) -> bool:
    return factor is not None and abs(factor - value) <= 10.0 ** (1 - wrong.digits) * abs(value)


def _times(wrong: Wrong, factor: float) -> str:
    want = looked_at(wrong, wrong.want)
    nonzero = int(np.count_nonzero(want))
    seen = "" if wrong.known is None else f" looked at, of {wrong.known.size}"
    return f"got {number(factor)} x want {entries(nonzero, '' if nonzero == want.size else 'nonzero')}{seen}"


def sizes(wrong: Wrong) -> list[tuple[str, int]]:
    """The sizes that may have become a factor, by name, the likeliest first."""
    x = first(wrong)
    found = []
    if x.ndim >= 2:
        found += [("the batch", x.shape[0]), ("the width", x.shape[-1])]
        found += [("the number of rows", x.size // x.shape[-1])] if x.ndim > 2 and x.shape[-1] else []
        found += [(f"axis {axis} of the input", x.shape[axis]) for axis in range(1, x.ndim - 1)]
    if wrong.dy.ndim >= 2 and wrong.dy.shape[-1:] != x.shape[-1:]:
        found += [("the output's width", wrong.dy.shape[-1])]
    found += [("the number of entries", x.size)]
    found += [("the number of outputs", wrong.dy.size)] if wrong.dy.size != x.size else []
    return [(name, n) for name, n in found if n > 1]


def numeric_options(wrong: Wrong) -> dict[str, float]:
    return {
        name: float(value)
        for name, value in options(wrong).items()
        if isinstance(value, int | float) and abs(value) not in (0, 1) and name not in AXIS_NAMES
    }


def causes(wrong: Wrong, factor: float) -> list[str]:
    """Everything that is exactly this factor, in words; equally likely names of one number share a line."""
    sign, size = ("the sign is wrong too; " if factor < 0 else ""), abs(factor)
    found = [
        words.format(name=name, c=number(c))
        for name, c in numeric_options(wrong).items()
        for form, words in OPTION_FORMS
        if _is(wrong, size, form(abs(c)))
    ]
    found += _of_sizes(wrong, size, LIKELY_SIZE_FORMS)
    found += [words for value, words in FACTORS_OF_TWO if _is(wrong, size, value)]
    found += _of_sizes(wrong, size, UNLIKELY_SIZE_FORMS)
    return [sign + found[0], *found[1:]] if found else []


def _of_sizes(wrong: Wrong, factor: float, forms: tuple[FactorForm, ...]) -> list[str]:
    """One cause for each form that fits. It names the other sizes that are the same number too."""
    found = []
    for form, words in forms:
        fit = [(name, n) for name, n in sizes(wrong) if _is(wrong, factor, form(n))]
        if fit:
            others = " or ".join(name for name, _ in fit[1:3])
            found.append(words.format(name=fit[0][0], n=fit[0][1]) + (f" (it may also be {others})" if others else ""))
    return found


def zero(wrong: Wrong) -> str | None:
    want = looked_at(wrong, wrong.want)
    if np.any(wrong.got) or not np.any(want):
        return None
    seen = "" if wrong.known is None else f", {some(int(np.count_nonzero(want)), want.size)} looked at"
    return f"got is zero {entries(wrong.got.size)}; want is not{seen}"


def sign(wrong: Wrong) -> str | None:
    if not _is(wrong, ratio(wrong), -1):
        return None
    also = [name for name, other in wrong.others.items() if fits(wrong, other)]
    hint = f"; it is also the gradient of {also[0]}: are the two swapped?" if also else ""
    return f"{_times(wrong, -1)}: the sign is wrong{hint}"


def twice(wrong: Wrong) -> str | None:
    if not wrong.parts or not _is(wrong, ratio(wrong), 2):
        return None
    return f"{_times(wrong, 2)}, the sum over {len(wrong.parts)} readers: it is accumulated twice"


def rescaling(wrong: Wrong) -> str | None:
    """Dropout keeps a share 1 - p of the entries and divides by it, in the forward and in the backward."""
    factor = ratio(wrong)
    for name, p in numeric_options(wrong).items():
        if name not in DROP_NAMES or not 0 < p < 1:
            continue
        keep = p if name.startswith("keep") else 1 - p
        if _is(wrong, factor, keep):
            return f"{_times(wrong, keep)}; {name} is {number(p)}: the rescaling by 1/{number(keep)} is forgotten"
        if _is(wrong, factor, 1 / keep):
            return f"{_times(wrong, 1 / keep)}; {name} is {number(p)}: rescaled by 1/{number(keep)} once too often"
    return None


def ddof(wrong: Wrong) -> str | None:
    """n - 1 where n belongs, or n where n - 1 belongs. From n = 2 nothing follows: 2 / 1 is a plain factor 2."""
    factor = ratio(wrong)
    for name, n in sizes(wrong):
        if n < 3:
            continue
        for value, words in ((n / (n - 1), f"{n}/{n - 1}"), ((n - 1) / n, f"{n - 1}/{n}")):
            for power, root in ((1.0, words), (0.5, f"sqrt({words})")):
                if factor is not None and _is(wrong, factor, value**power):
                    others = [other for other, m in sizes(wrong) if m == n - 1]
                    also = f"; it may also be that {others[0]} stands in its place" if others else ""
                    return f"{_times(wrong, factor)} = {root}; {name} is {n}: n - 1 and n are confused{also}"
    return None


def _reduction(wrong: Wrong) -> str:
    said = options(wrong).get("reduction", "")
    return said if isinstance(said, str) and said else ("mean" if "mean" in wrong.rule else "")


def sum_for_mean(wrong: Wrong) -> str | None:
    """The rule is a mean, and got is the gradient of the sum."""
    factor = ratio(wrong) if _reduction(wrong) == "mean" else None
    names = [(name, n) for name, n in sizes(wrong) if _is(wrong, factor, n)]
    if factor is None or not names:
        return None
    also = f" (or {names[1][0]})" if len(names) > 1 else ""
    return f"{_times(wrong, factor)}: the sum instead of the mean; {names[0][0]}{also} is {names[0][1]}"


def mean_for_sum(wrong: Wrong) -> str | None:
    """The gradient of a parameter is a sum over the rows that share it; got is their mean."""
    factor = ratio(wrong)
    if factor is None or (_reduction(wrong) != "sum" and _batched(wrong)):
        return None
    batch = wrong.dy.shape[0] if wrong.dy.ndim > 1 else 1
    rows = wrong.dy.size // wrong.dy.shape[-1] if wrong.dy.ndim and wrong.dy.shape[-1] else 1
    for name, n in (("the batch", batch), ("the rows", rows), ("the entries", first(wrong).size)):
        if n > 1 and _is(wrong, factor, 1 / n):
            return f"{_times(wrong, factor)}: the mean instead of the sum over {name}, {n} of them"
    return None


def _batched(wrong: Wrong) -> bool:
    """The argument has one row for each row of the output."""
    if wrong.argument == next(iter(wrong.inputs), ""):
        return True
    shape = wrong.inputs[wrong.argument].shape if wrong.argument in wrong.inputs else wrong.want.shape
    return len(shape) >= max(wrong.dy.ndim, 1) and shape[:1] == wrong.dy.shape[:1]


def named_factor(wrong: Wrong) -> str | None:
    factor = ratio(wrong)
    found = causes(wrong, factor) if factor is not None else []
    return f"{_times(wrong, factor)}; {listed(found)}" if factor is not None and found else None


def size_for_size(wrong: Wrong) -> str | None:
    """One size divides where another belongs: height x height for height x width."""
    factor = ratio(wrong)
    if factor is None:
        return None
    for name, n in sizes(wrong):
        for other, m in sizes(wrong):
            if n != m and n % m and m % n and _is(wrong, factor, n / m):
                words = f"{name} is {n} and {other} is {m}: one stands where the other belongs"
                return f"{_times(wrong, factor)} = {n}/{m}; {words}"
    return None


def perturbed(wrong: Wrong) -> str | None:
    factor = ratio(wrong)
    if factor is None or not 0 < abs(factor - 1) < 1e-2 or np.count_nonzero(looked_at(wrong, wrong.want)) < 2:
        return None
    return f"{_times(wrong, factor)}: off by a factor that is nearly 1"


def plain_factor(wrong: Wrong) -> str | None:
    """A factor that is no quantity we know. Two entries must agree on it, or it must be a simple fraction."""
    factor = ratio(wrong)
    if factor is None:
        return None
    simple = abs(factor) < 100 and any(
        round(factor * n) and _is(wrong, factor, round(factor * n) / n) for n in range(1, 5)
    )
    return _times(wrong, factor) if evidence(wrong, 1) >= 4 or simple else None


def absolute(wrong: Wrong) -> str | None:
    if not fits(wrong, abs(wrong.want)):
        return None
    return f"got is |want|: the sign is lost in the {int((wrong.want < 0).sum())} entries where want is negative"


def factor_per_slice(wrong: Wrong) -> str | None:
    """Each row has its own factor: something that is computed once for a row is wrong."""
    for axis, n in enumerate(wrong.want.shape):
        at = np.argmax(abs(wrong.want), axis=axis, keepdims=True)
        factor = np.take_along_axis(wrong.got, at, axis) / np.take_along_axis(wrong.want, at, axis)
        if n > 2 and np.all(np.isfinite(factor)) and fits(wrong, wrong.want * factor, fitted=factor.size):
            shown = ", ".join(number(value) for value in factor.flat[:3])
            return f"got / want is the same along axis {axis}, one factor for each slice: {shown}, ..."
    return None
