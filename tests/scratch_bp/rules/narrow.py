"""Are a rule's results on balls narrow away from kinks? Where they are not, which comparison could not be decided?"""

import functools
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from backcheck_reference.numbers import balls, exact
from backcheck_reference.numbers.open_comparisons import ON_HULLS
from scratch_bp.rules import Rule
from tests.scratch_bp.rules.points import Point

COMPARISONS = (np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal)
NARROW = 1e-9  # some 1e-15 is usual; a gradient that takes both branches is as wide as they are apart


def each(function: Callable[[Any], Any], value: Any) -> Any:
    """The function of a value, or of each output where there are several."""
    return tuple(map(function, value)) if isinstance(value, tuple) else function(value)


def parts(value: Any) -> tuple:
    return value if isinstance(value, tuple) else (value,)


def require_narrow(rule: Rule, point: Point) -> None:
    """On balls of float64 the results hold those on floats, and are narrow."""
    watch = balls.Watch("float64")
    with balls.run_at("float64", balls.SLACK_BITS), undecided() as comparisons:
        arrays = tuple(watch.lift(array, "float64") for array in point.arrays)
        got = _run(rule, arrays, each(functools.partial(watch.lift, dtype="float64"), point.dy), point.config)
    want = _run(rule, point.arrays, point.dy, point.config)
    for ball, number in zip(got, want, strict=True):
        if number is not None:
            reach, middle = balls.radii(np.asanyarray(ball)), exact.to_float(ball)
            assert reach.max() < NARROW, _why(reach.max(), comparisons)
            assert np.all(abs(middle - number) <= reach)


def _run(rule: Rule, arrays: tuple, dy: Any, config: dict) -> tuple:
    """The outputs and the gradients in one row."""
    y, saved = rule.forward(*arrays, **config)
    return (*parts(y), *rule.backward(saved, dy))


def _why(width: float, comparisons: list[str]) -> str:
    lines = "\n".join(f"  {comparison}" for comparison in dict.fromkeys(comparisons))
    return (
        f"On balls a result is known to within {width:.2g} only. Comparisons that could not be decided:\n"
        f"{lines or '  none'}\n"
        "Both of their branches count. A number that the rule has computed is never known to be equal to another:\n"
        "compare the inputs. Without such a comparison, the formula loses digits or divides by a ball around 0.\n"
        'docs/rules.md says more under "Branches".'
    )


@contextmanager
def undecided() -> Iterator[list[str]]:
    """The comparisons of balls within the block that could not be decided, each with its line in the rule."""
    found: list[str] = []
    before = dict(ON_HULLS)
    for ufunc in COMPARISONS:
        ON_HULLS[ufunc, "__call__"] = _watched(ufunc, before[ufunc, "__call__"], found)
    try:
        yield found
    finally:
        ON_HULLS.update(before)


def _watched(ufunc: np.ufunc, compare: Callable[..., Any], found: list[str]) -> Callable[..., Any]:
    def watched(*operands: Any, **options: Any) -> Any:
        answer = compare(*operands, **options)
        if answer.dtype == object:  # where every comparison is decided, the answers are booleans
            found.append(f"{ufunc.__name__} in {_line()}")
        return answer

    return watched


def _line() -> str:
    """The line of the rule that is running; of a helper outside of the rules, the line that called it."""
    stack = [frame for frame in traceback.extract_stack() if frame.filename not in (__file__, balls.__file__)]
    in_rules = [frame for frame in stack if Path(frame.filename).parts[-4:-2] == ("scratch_bp", "rules")]
    frame = (in_rules or stack)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}: {frame.line}"
