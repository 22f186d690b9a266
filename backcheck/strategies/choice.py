"""Strategies made of one operation: pick one of at most 100 options, the first of which is the simplest.

`ChoiceStrategy` subclasses SearchStrategy and draws from Hypothesis's own data, which is not public. The public way,
`st.composite`, was measured and costs too much. Hypothesis makes up to six of seven runs by changing the run before:
it copies draws of one kind over one another, and here all draws are of one kind. Of 1,000 cases 340 networks were
distinct. Choices that are drawn directly are not copied: 960 were distinct, in two thirds of the time, and failures
shrink as well. `tests/strategies/test_hypothesis.py` names every internal thing that this relies on.

Why at most 100 options: into wider draws Hypothesis mixes numbers found in the source of the modules that happen to be
loaded. The same seed would then draw other cases in another process.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from hypothesis.strategies import SearchStrategy

T = TypeVar("T")
MAX_CHOICES = 100


class Pick(Protocol):
    """Draws one of the options, of which there are at most MAX_CHOICES."""

    def __call__(self, options: Sequence[T], /) -> T: ...


def any_of(pick: Pick, options: Sequence[T]) -> T:
    """One of any number of options, in as many draws as that takes."""
    while len(options) > MAX_CHOICES:
        parts = -(-len(options) // MAX_CHOICES)
        options = options[pick(range(parts)) :: parts]
    return pick(options)


class ChoiceStrategy(SearchStrategy[T]):
    """The strategy that calls `build(pick)`; it calls itself `name`."""

    def __init__(self, name: str, build: Callable[[Pick], T]) -> None:
        super().__init__()
        self._name, self._build = name, build

    def do_draw(self, data: Any) -> T:
        def pick(options: Sequence[Any], /) -> Any:
            # a single option is drawn too: the less a draw depends on earlier ones, the better a failure shrinks
            return options[data.draw_integer(0, len(options) - 1)]

        return self._build(pick)

    def __repr__(self) -> str:
        return self._name
