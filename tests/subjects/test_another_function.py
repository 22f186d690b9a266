"""The subject computes another function than the framework: said of the forward, and nobody is judged against it."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import backcheck
from backcheck.keys import OUTPUT
from backcheck_reports.record import Verdict

torch = pytest.importorskip("torch")


class Other(NamedTuple):
    name: str
    forward: Callable[..., Any]
    backward: Callable[..., Any]
    arrays: tuple[Any, ...]
    torch: Callable[..., Any]
    said: str


X = [[0.0, 1.0], [2.0, 3.0]]

OTHERS = (
    # the value is right at the drawn point, and the function is another
    Other("2 x for tanh at 0", lambda x: 2 * x, lambda x, dy: 2 * dy, ([0.0, 0.0],), torch.tanh, "is not what torch"),
    Other("a cube for a square", lambda x: x**3, lambda x, dy: 3 * x**2 * dy, ([0.0, 1.0],), lambda x: x**2,
          "is not what torch"),
    Other("sinh for expm1 at 0", np.sinh, lambda x, dy: np.cosh(x) * dy * 1.0, ([0.0],), lambda x: 3 * torch.expm1(x),
          "is not what torch"),
    Other("a product for a sum", lambda x, w: x * w, lambda s, dy: (dy * s[1], dy * s[0]), ([2.0], [2.0]),
          lambda x, w: x + w, "is not what torch"),
    Other("another slope below 0", lambda x: np.where(x > 0, x, 0.1 * x), lambda x, dy: np.where(x > 0, dy, 0.1 * dy),
          ([-0.0, -1e-12],), lambda x: torch.nn.functional.leaky_relu(x, 0.5), "is not what torch"),
    # another shape
    Other("an axis that is kept", lambda x: x.sum(1, keepdims=True), lambda x, dy: dy + 0 * x, (X,),
          lambda x: x.sum(1), "has shape [2, 1]; what torch computes has shape [2]"),
    Other("an axis that is not kept", lambda x: x.sum(1), lambda x, dy: dy[:, None] + 0 * x, (X,),
          lambda x: x.sum(1, keepdim=True), "has shape [2]; what torch computes has shape [2, 1]"),
    Other("a reduction left out", lambda x: x * x, lambda x, dy: 2 * x * dy, (X,), lambda x: (x * x).sum(),
          "has shape [2, 2]; what torch computes has shape []"),
    Other("a number in an array", lambda x: (x * x).sum().reshape(1), lambda x, dy: 2 * x * dy[0], (X,),
          lambda x: (x * x).sum(), "has shape [1]; what torch computes has shape []"),
    Other("the wrong axis", lambda x: x.sum(0), lambda x, dy: dy + 0 * x, ([[1.0, 2.0, 3.0]],), lambda x: x.sum(1),
          "has shape [3]; what torch computes has shape [1]"),
)  # fmt: skip


@pytest.mark.parametrize("row", OTHERS, ids=lambda row: row.name)
def test_another_function_is_a_finding_of_the_forward(row: Other) -> None:
    def forward(*arrays: Any) -> Any:
        return row.forward(*arrays), arrays if len(arrays) > 1 else arrays[0]

    found = backcheck.check_vjp(forward, row.backward, *row.arrays, torch=row.torch)
    assert not found
    assert row.said in found.measures[OUTPUT, "numpy"].reason
    theirs = {measure.verdict for (_, party), measure in found.measures.items() if party == "torch"}
    assert theirs == {Verdict.UNAVAILABLE}  # nobody is judged against another function
    mine = {found.measures[key, "numpy"].verdict for key in found.checked.problem.gradients}
    assert Verdict.DISAGREE not in mine


def test_a_wrong_backward_is_not_taken_for_another_function() -> None:
    found = backcheck.check_vjp(lambda x: (np.tanh(x), x), lambda x, dy: dy, [0.5, 1.0], torch=torch.tanh)
    (key,) = found.checked.problem.gradients
    assert found.measures[key, "torch"].verdict is Verdict.AGREE
    assert found.measures[OUTPUT, "numpy"].verdict is Verdict.AGREE
    assert found.measures[key, "numpy"].verdict is Verdict.DISAGREE
