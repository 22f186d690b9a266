"""The right derivation of something else: another cotangent, other values, other options, fewer bits."""

from collections.abc import Iterator

import numpy as np

from backcheck.diagnosis.faults.alternatives import explains, push_forward
from backcheck.diagnosis.faults.factors import AXIS_NAMES, causes, ratio
from backcheck.diagnosis.faults.fit import close, fits, looked_at, peak, simple
from backcheck.diagnosis.faults.words import listed, number
from backcheck.diagnosis.faults.wrong_gradient import Wrong, defaults, first, floats, named_arrays, options


def ignores_cotangent(wrong: Wrong) -> str | None:
    """The derivative of the sum of the outputs, whatever comes from above."""
    if np.all(wrong.dy == 1):
        return None
    elementwise = wrong.dy.shape in (wrong.want.shape, ())
    with np.errstate(all="ignore"):
        alone = np.where(wrong.dy == 0, wrong.got, wrong.want / wrong.dy) if elementwise else None
    known = alone is not None and np.all(wrong.dy) and fits(wrong, alone)
    if not known and not explains(wrong, dy=np.ones_like(wrong.dy)):
        return None
    factor = ratio(wrong)  # where dy is one number throughout, something else may be that number
    also = causes(wrong, factor) if factor is not None else []
    return listed(["got is the gradient for a cotangent of ones: dy is ignored", *also])


def swapped(wrong: Wrong) -> str | None:
    for name, other in wrong.others.items():
        if other.shape == wrong.got.shape and fits(wrong, other):
            return f"got is the gradient of {name}: two gradients are returned in each other's place"
    return None


def passed_on(wrong: Wrong) -> str | None:
    if wrong.dy.shape != wrong.got.shape or not fits(wrong, wrong.dy):
        return None
    return "got is dy itself: the cotangent is passed on as it came"


def returns_array(wrong: Wrong) -> str | None:
    for name, array in named_arrays(wrong).items():
        if array.shape == wrong.got.shape and np.any(array) and fits(wrong, array, fitted=1):
            return f"got is {name} itself, not a gradient"
    return None


def applied_twice(wrong: Wrong) -> str | None:
    """The cotangent pulled back once more."""
    if wrong.want.shape != wrong.dy.shape:
        return None
    return "got is want pulled back once more: the rule is applied twice" if explains(wrong, dy=wrong.want) else None


def not_transposed(wrong: Wrong) -> str | None:
    """J dy, as for a derivative in the direction dy."""
    found = push_forward(wrong)
    if found is None or found.shape != wrong.got.shape or not fits(wrong, found):
        return None
    return "got is J dy; the gradient is J^T dy, with the Jacobian transposed"


def value_for_input(wrong: Wrong) -> str | None:
    value, array = wrong.value, wrong.inputs.get(wrong.argument)
    if value is None or array is None or value.shape != array.shape or np.array_equal(value, array):
        return None
    if not explains(wrong, inputs={wrong.argument: value}):
        return None
    return f"got is the gradient at y instead of at {wrong.argument}: the output stands where the input belongs"


def option_ignored(wrong: Wrong) -> str | None:
    """The right gradient for the options left at their defaults, one of them or all."""
    for name, value in wrong.config.items():
        if explains(wrong, config={other: v for other, v in wrong.config.items() if other != name}):
            default = defaults(wrong).get(name, "the default")
            return f"got is the gradient for {name} = {default}: the option {name} = {value} is ignored"
    if len(wrong.config) > 1 and explains(wrong, config={}):
        return f"got is the gradient for the default options: {dict(wrong.config)} is ignored"
    return None


def option_axis(wrong: Wrong) -> str | None:
    """The right gradient for another axis."""
    for name in AXIS_NAMES:
        said, ndim = options(wrong).get(name), first(wrong).ndim
        if not isinstance(said, int):
            continue
        for axis in range(ndim):
            if axis != said % ndim and explains(wrong, config={**wrong.config, name: axis}):
                return f"got is the gradient along axis {axis}; {name} is {said}, of {ndim} axes"
    return None


def no_eps(wrong: Wrong) -> str | None:
    """The gradient of the forward without its eps, whatever the rule."""
    for name, value in options(wrong).items():
        if "eps" in name and value and explains(wrong, config={**wrong.config, name: 0.0}):
            return f"got is the gradient for {name} = 0: {name} = {number(value)} is forgotten in the backward"
    return None


CUSTOMARY_EPS = (1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3)


def other_eps(wrong: Wrong) -> str | None:
    """An eps written into the backward, which is not the one of the forward."""
    for name, value in options(wrong).items():
        for eps in CUSTOMARY_EPS if "eps" in name else ():
            if eps != value and explains(wrong, config={**wrong.config, name: eps}):
                return f"got is the gradient for {name} = {eps:g}; the forward has {name} = {value:g}"
    return None


FORMATS = (("bfloat16", 8), ("float16", 11), ("float32", 24))


def low_precision(wrong: Wrong) -> str | None:
    """Every entry a number of a shorter format, off by what that format's rounding does."""
    error, scale = peak(wrong.got - wrong.want), peak(wrong.want)
    for name, bits in FORMATS:
        usual = 2.0 ** (-3 - bits) * scale <= error <= 2.0 ** (3 - bits) * scale
        if usual and _holds_only(wrong.got, bits) and bits <= wrong.digits * 3.3 - 3:
            exactly = np.array_equal(looked_at(wrong, rounded(wrong.want, bits)), looked_at(wrong, wrong.got))
            what = f"is want rounded to {name}" if exactly else f"holds {name} numbers only"
            return f"got {what}, {bits} bits: off by up to {error / scale:.1e} of want, {name} precision"
    return _rounded_inputs(wrong)


def _holds_only(array: np.ndarray, bits: int) -> bool:
    """Numbers of so many bits, and not just because they are simple ones."""
    return np.array_equal(rounded(array, bits), array) and int((~simple(array)).sum()) >= 2


def _rounded_inputs(wrong: Wrong) -> str | None:
    """The right gradient at inputs or a cotangent cut to a shorter format on the way in."""
    small = peak(wrong.got - wrong.want) <= 0.05 * peak(wrong.want)
    for name, bits in FORMATS if small else ():
        if bits > wrong.digits * 3.3 - 8:
            continue
        for words, inputs, dy in _casts(wrong, bits):
            if explains(wrong, inputs=inputs, dy=dy):
                return f"got is the gradient with {words} rounded to {name}, {bits} bits: {name} precision"
    return None


def _casts(wrong: Wrong, bits: int) -> Iterator[tuple[str, dict[str, np.ndarray], np.ndarray]]:
    cut = {name: rounded(array, bits) for name, array in floats(wrong).items()}
    yield "inputs and dy", cut, rounded(wrong.dy, bits)
    yield "dy", {}, rounded(wrong.dy, bits)
    yield "the inputs", cut, wrong.dy


def rounded(array: np.ndarray, bits: int) -> np.ndarray:
    """Each number rounded to so many significant bits, without the limits of an exponent."""
    mantissa, exponent = np.frexp(array)
    return np.ldexp(np.round(np.ldexp(mantissa, bits)), exponent - bits)


def offset(wrong: Wrong) -> str | None:
    """1 / (v + e) where 1 / v belongs, as in log(p + e)."""
    for name, v in _denominators(wrong):
        with np.errstate(all="ignore"):
            each = (wrong.want / wrong.got - 1) * v
        usable = np.isfinite(each) & (v != 0)
        if not np.any(usable) or np.ptp(v) == 0:
            continue
        at = np.argmax(np.where(usable, abs(each / v), 0))
        e = float(each.flat[at])
        if 1e-20 < abs(e) < 0.1 and fits(wrong, wrong.want * v / (v + e), fitted=2):
            return f"got is want * {name} / ({name} + {e:.3g}) {_everywhere(wrong)}: an eps of {e:.3g} added to {name}"
    return None


def _everywhere(wrong: Wrong) -> str:
    return "in all entries" if np.all(~close(wrong.got, wrong.want, wrong.digits)) else "in the wrong entries"


def _denominators(wrong: Wrong) -> Iterator[tuple[str, np.ndarray]]:
    shaped = {name: array for name, array in named_arrays(wrong).items() if array.shape == wrong.want.shape}
    for name, array in shaped.items():
        yield name, array
        yield f"(1 - {name})", 1 - array
        yield f"{name} (1 - {name})", array * (1 - array)
        yield f"{name}^2", array * array
        for other, chosen in shaped.items():
            if other != name and np.all((chosen == 0) | (chosen == 1)):
                yield f"the probability of {other}", np.where(chosen == 1, array, 1 - array)
