"""What is said of a kernel beside its reference."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from backcheck.errors import BadInput
from backcheck.subjects.pairs.source_text import mirror_lines

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What is said of a kernel beside its reference.

    inside   the precision of its intermediates and sums: a dtype, or a pair (sums, stored); see `kernels.models`
    wrt      the arrays that it gives gradients of, where these are not all
    out      the keyword of the buffers that it writes its outputs into
    fast     may it use the hardware's approximations of exp, tanh, rsqrt, ...?
    """

    reference: Function
    inside: Any = None
    wrt: Any = None
    out: str | None = None
    fast: bool = False

    @property
    def options(self) -> tuple[str, ...]:
        """The further arguments of a call in a script."""
        said = {"inside": self.inside, "wrt": self.wrt, "out": self.out, "fast": self.fast or None}
        return (*self._brought[1], *(f"{key}={value!r}" for key, value in said.items() if value is not None))

    @property
    def lines(self) -> tuple[str, ...]:
        """What brings the reference into a script."""
        return tuple(self._brought[0])

    @property
    def _brought(self) -> tuple[list[str], list[str]]:
        lines, options = mirror_lines(reference=self.reference)
        if options == ["reference=function"]:  # one without a name, as the kernel may be
            return ["# reference is your own"], ["reference=reference"]
        return lines, options


def refuse_without_reference(**said: Any) -> None:
    """Raises BadInput for what says something of a kernel where there is no reference."""
    for name, value in said.items():
        if value not in (None, False):
            raise BadInput(f"{name}= is for a kernel beside its reference; say reference= too")


def refuse_beside_reference(**said: Any) -> None:
    """Raises BadInput for what makes no sense beside a reference."""
    for name, value in said.items():
        if value not in (None, 1):
            raise BadInput(f"{name}= goes with code that is judged by itself; a kernel is judged by its reference")
