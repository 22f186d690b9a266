"""What many drawn cases of somebody's code came to."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from backcheck.subjects.result.check import PASSING, Check
from backcheck_reports import check_html
from backcheck_reports.record import Record, Verdict


@dataclass(frozen=True)
class Verification:
    """What many drawn cases came to: the answer of `verify_rule` and `verify_like`.

    Truthy when nothing disagreed and something was judged. `failure` is the smallest case found that fails, as a Check,
    and None when none does; `counts` has the verdicts on the subject's gradients; `notes` are what a reader should know
    beside them. `cases` is how many were drawn.

    >>> from backcheck import verify_rule
    >>> found = verify_rule((lambda x: (x * x, x), lambda x, dy: x * dy), "n d", draws=10)
    >>> print(found.verdict, bool(found), found.failure.verdict)
    disagree False disagree
    """

    name: str
    cases: int
    counts: Mapping[Verdict, int]
    records: tuple[Record, ...]
    failure: Check | None
    notes: tuple[str, ...]

    @property
    def verdict(self) -> Verdict:
        """That of the failure if there is one, a convention if one was kept, else the best that was reached."""
        if self.failure is not None:
            return self.failure.verdict
        ranked = (Verdict.CONVENTION, *PASSING, *Verdict)
        return next((verdict for verdict in ranked if self.counts.get(verdict)), Verdict.UNAVAILABLE)

    def __bool__(self) -> bool:
        return self.verdict in PASSING

    def explain(self) -> str:
        """The failure explained, or the summary."""
        return str(self) if self.failure is None else f"{self}\n\n{self.failure.explain()}"

    def assert_ok(self) -> None:
        """Raise AssertionError with the explanation unless truthy."""
        if not self:
            raise AssertionError(f"\n{self.explain()}")

    @cached_property
    def _lines(self) -> tuple[str, ...]:
        counted = ", ".join(f"{count} {verdict}" for verdict, count in self.counts.items() if count)
        return (f"{self.cases} cases drawn; the gradients: {counted or 'none'}", *self.notes)

    def __str__(self) -> str:
        return "\n".join([f"{self.verdict.upper()}  {self.name}", *(f"  {line}" for line in self._lines)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        if self.failure is not None:
            return self.failure._repr_html_()
        return check_html(str(self.verdict), self.name, [], self._lines)
