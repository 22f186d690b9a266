"""Strategies made of one operation: pick one of at most 100 options, the first being the simplest.

Why not `st.composite`: Hypothesis spends up to six of seven runs on mutants of the case before, in which draws of one
kind are copied over one another, and here all draws are of one kind. Of 1,000 cases 340 networks were distinct; choices
made directly are not mutated, which gives 960, in two thirds of the time. Shrinking does as well without.

Why at most 100: into wider draws Hypothesis mixes numbers found in the source of whatever modules happen to be loaded,
and then the same seed would draw other cases in another process.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from hypothesis.strategies import SearchStrategy

T = TypeVar("T")
MAX_CHOICES = 100


class Pick(Protocol):
    def __call__(self, options: Sequence[T], /) -> T: ...


def any_of(pick: Pick, options: Sequence[T]) -> T:
    """One of any number of options, in as many draws as that takes."""
    while len(options) > MAX_CHOICES:
        parts = -(-len(options) // MAX_CHOICES)
        options = options[pick(range(parts)) :: parts]
    return pick(options)


class ChoiceStrategy(SearchStrategy[T]):
    """The strategy that calls `build(pick)`."""

    def __init__(self, name: str, build: Callable[[Pick], T]) -> None:
        super().__init__()
        self._name, self._build = name, build

    def do_draw(self, data: Any) -> T:
        def pick(options: Sequence[Any], /) -> Any:
            # a single option is drawn too: the fewer draws hang on earlier ones, the better a failure shrinks
            return options[data.draw_integer(0, len(options) - 1)]

        return self._build(pick)

    def __repr__(self) -> str:
        return self._name
