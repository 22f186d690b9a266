"""verify_rule: many drawn cases of somebody's code, the first that fails made small, and what is wrong said."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from backcheck.containment import contained
from backcheck.errors import BadInput
from backcheck.float_format import FORMATS
from backcheck.session import as_said, draws_of, seed_of
from backcheck.subjects.arrays import dtype_names
from backcheck.subjects.drawn.objects import Handling
from backcheck.subjects.first_call import Names
from backcheck.subjects.fuzz.rule_check import verified
from backcheck.subjects.fuzz.rule_question import USUAL_DRAWS, RuleQuestion
from backcheck.subjects.fuzz.verification import Verification
from backcheck.subjects.kernels.asked.beside import Beside, refuse_beside_reference, refuse_without_reference
from backcheck.subjects.kernels.fuzz import verify_kernel
from backcheck.subjects.listeners import announce
from backcheck.subjects.power.own_power import power_of
from backcheck.subjects.result.check import Check
from backcheck.subjects.stateful.calls import Reset, calls_of
from backcheck.subjects.stateful.parameters import Where
from backcheck.verdicts.parties import calm


@contained()
def verify_rule(
    rule: Any,
    arrays: Any = None,
    config: Mapping[str, Any] | None = None,
    *,
    kind: str | None = None,
    draws: int | None = None,
    dtypes: Any = ("float64",),
    params: Where = None,
    grads: Where = None,
    fixed: Names = (),
    meant: Any = None,
    order: int = 1,
    reference: Callable[..., Any] | None = None,
    inside: Any = None,
    wrt: Any = None,
    fast: bool = False,
    out: str | None = None,
    methods: tuple[str, str] | None = None,
    reset: Reset = None,
    training: bool | None = None,
    torch: Callable[..., Any] | None = None,
    jax: Callable[..., Any] | None = None,
    seed: int | None = None,
    precise: bool = False,
    seconds: float | None = None,
    coverage: bool = True,
    power: bool = False,
) -> Verification:
    """Draw many cases of one rule, and explain the smallest case that fails.

    `rule` is a (forward, backward) pair as in `check_vjp`, a class or a function that makes an object with forward and
    backward, an nn.Module or a class or a function that makes one, a torch.autograd.Function or callable, or a JAX
    function with custom rules; `kind` says which ("pair",
    "layer", "torch", "jax") where it cannot be seen.

    `arrays` has a line for each array that forward takes, with its axes: "n d" or "*batch d" for floating-point
    numbers, "n <classes" for integers below a size, "n ?" for booleans. The same name is the same size everywhere;
    "n>=2 d" has an axis of at least 2, and "4*s" or "d+1" a size that follows from another. "n d >0", "n d >=1" and
    "n d in (-1, 1)" are numbers of a range, the ends of which belong to it with square brackets. Draws at which
    forward is not finite are left out, and counted. A Hypothesis strategy of a tuple of arrays may stand in the place
    of the lines; without either, the jaxtyping annotations of forward say the axes.

    `config` has for each option (of forward, or of what makes the object) a list to choose from, a strategy, or one
    value; Axis("d") is the size of an axis. `dtypes`, one or several, are drawn too. `draws` is the number of cases,
    and one `seed` always draws the same ones. `params`, `grads`, `methods` and `reset` are as in `check_layer`,
    `fixed`, `meant`, `order`, `torch` and `jax` as in `check_vjp`. A training mode is drawn too, where an object has
    one, unless `training` says which.

    Draws that are *imprecise* are counted, and are the headline from a tenth on; with `precise` the first one fails. A
    draw may take `seconds`, as in `check_vjp`; after two that take longer no further one is begun.

    The lines of forward and backward that no case has reached are said, and cases are drawn that are to reach them;
    `coverage=False` counts no lines. With `power` your backward is broken in fifty ways, in processes of their own, and
    fuzzed again each time: `.power` and the answer say how many of these would have been noticed, and which not.

    A kernel is fuzzed beside its `reference`, with `inside`, `wrt`, `fast` and `out` as in `check_torch`: sizes around
    tiles, layouts of memory, hard values and whole numbers are drawn. Of a pair one function may be None there.

    Raises BadInput when the rule takes none of what is drawn, or cannot be checked at all.

    >>> def forward(x, w):
    ...     return x @ w, (x, w)
    >>> def backward(saved, dy):
    ...     x, w = saved
    ...     return dy @ w.T, x.T @ dy
    >>> print(verify_rule((forward, backward), ("n d", "d k"), draws=10).verdict)
    agree
    """
    calm()
    draws, number = draws_of(draws, USUAL_DRAWS), seed_of(seed)
    dtypes = dtype_names(dtypes)
    _require(draws, dtypes)
    if reference is not None:
        refuse_beside_reference(meant=meant, order=order, torch=torch, jax=jax, params=params, grads=grads)
        beside = Beside(reference=reference, inside=inside, wrt=wrt, fast=fast, out=out)
        with as_said(precise, seconds):
            return announce(verify_kernel(rule, arrays, beside, config or {}, kind, dtypes, draws, number, fixed))
    refuse_without_reference(inside=inside, wrt=wrt, fast=fast, out=out)
    question = RuleQuestion(
        rule=rule,
        arrays=arrays,
        config=dict(config or {}),
        kind=kind,
        dtypes=dtypes,
        handling=Handling(params, grads, calls_of(methods, reset)),
        fixed=fixed,
        meant=meant,
        order=order,
        training=training,
        torch=torch,
        jax=jax,
    )
    with as_said(precise, seconds):
        found = verified(question, draws, number, coverage)
        if isinstance(found.failure, Check):
            found = replace(found, failure=replace(found.failure, question=question))
        if power and found.failure is None:
            found = replace(found, power=power_of(question, found, draws, number))
        return announce(found)


def _require(draws: int, dtypes: Sequence[str]) -> None:
    if draws < 1:
        raise BadInput(f"draws must be 1 or more, got {draws}")
    wrong = [dtype for dtype in dtypes if dtype not in FORMATS]
    if wrong or not dtypes:
        raise BadInput(f"dtypes has some of {', '.join(FORMATS)}; got {wrong[0] if wrong else 'none'}")
