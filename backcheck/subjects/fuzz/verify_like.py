"""verify_like: somebody's version of a rule that we know, drawn as ours is: alone, and inside whole networks."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from hypothesis.strategies import SearchStrategy, integers

from backcheck.containment import contained
from backcheck.errors import BadInput, unknown
from backcheck.session import among, as_said, asked, draws_of, seed_of
from backcheck.signature import takes
from backcheck.strategies.case import Case
from backcheck.strategies.case_strategies import cases
from backcheck.strategies.catalogue import Row, signature_of
from backcheck.strategies.catalogue.sizes import EVERY_SIZE, Sizes, some_sizes
from backcheck.subjects.arrays import dtype_names
from backcheck.subjects.drawn.cases import Refusals
from backcheck.subjects.fuzz.like_question import ORDINARY, LikeQuestion, asker, subject_of
from backcheck.subjects.fuzz.rule_question import USUAL_DRAWS
from backcheck.subjects.fuzz.search import Hunt
from backcheck.subjects.fuzz.sought_alone import sought_alone
from backcheck.subjects.fuzz.verification import Verification
from backcheck.subjects.lines.line_coverage import LineCoverage
from backcheck.subjects.listeners import announce
from backcheck.subjects.pairs.source_text import called
from backcheck.verdicts.parties import ORACLES, calm
from scratch_bp.rules import RULES, Rule

# one draw of so many has extreme numbers too: where they overflow, or rounding decides, nothing can be judged
EVERY_SO_MANY = 3
# what a network is made of around the rule in question
NEIGHBOURS = ("dense", "tanh", "relu", "add", "multiply", "softmax", "mse", "sum")


@contained()
def verify_like(
    name: str,
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    *,
    draws: int | None = None,
    dtypes: Any = ("float64", "float32"),
    oracles: tuple[str, ...] = ORACLES,
    seed: int | None = None,
    precise: bool = False,
    seconds: float | None = None,
    coverage: bool = True,
) -> Verification:
    """Check your version of a rule that is known here, with the drawing, the mirrors and the conventions of ours.

    `forward(*arrays, **config)` returns (y, saved) and takes the arrays of our rule `name`, in its order and shapes,
    and as many of its options, under PyTorch's names, as it likes: only those are drawn. `backward(saved, dy)` returns
    one gradient for each array. Half of the draws are the rule alone, half are networks with it.

    `draws` is the number of cases, `dtypes` are drawn too, `oracles` are those to ask, and one `seed` always draws the
    same cases. With `precise` a draw fails that is *imprecise*, and one may take `seconds`, as in `check_vjp`. The
    lines that no case has reached are said, unless `coverage` is False. Raises BadInput for an unknown rule, or for
    functions that take none of what is drawn.

    >>> import numpy as np
    >>> def forward(x):
    ...     y = np.tanh(x)
    ...     return y, y
    >>> print(verify_like("tanh", forward, lambda y, dy: dy * (1 - y * y), draws=5, oracles=("exact",)).verdict)
    agree
    """
    if name not in RULES:
        raise BadInput(f"{unknown('rule', name, sorted(RULES))}. verify_rule takes any")
    calm()
    draws, number, oracles = draws_of(draws, USUAL_DRAWS), seed_of(seed), among(oracles)
    dtypes = dtype_names(dtypes)
    _require_its_arrays(name, forward)
    with (
        as_said(precise, seconds),
        LineCoverage.of((forward, backward), coverage and asked().coverage) as lines,
    ):
        return announce(verified_like(LikeQuestion(name, forward, backward, dtypes, oracles), draws, number, lines))


def verified_like(question: LikeQuestion, draws: int, number: int, lines: LineCoverage) -> Verification:
    """What so many draws come to. Raises BadInput for functions that take none of what is drawn."""
    name, forward, backward, dtypes = question.name, question.forward, question.backward, question.dtypes
    refusals, catalogue = Refusals(), question.catalogue
    own = {name: Rule(forward, backward)}
    subject = subject_of(question, lines)
    ask = asker(question, subject, refusals, lines)

    def of_sizes(sizes: Sequence[int]) -> SearchStrategy[Case]:
        wide = EVERY_SIZE._replace(widths=(1, 2, *sizes))
        return cases((name,), dtypes, None, max_nodes=1, catalogue=catalogue, sizes=wide, code=own)

    drawn = _half_and_half(name, dtypes, catalogue, number, own)
    hunt = Hunt(name, drawn, ask, ask, refusals=refusals, further=lambda: sought_alone(subject.code, of_sizes, lines))
    found = replace(hunt.run(draws, number), code=lines.result())
    if not found.cases and not found.late:
        why = refusals.why.most_common(1)[0][0] if refusals.why else "nothing was drawn"
        raise BadInput(f"{called(forward)} takes none of the arrays that {name} takes: {why}")
    return found


def _require_its_arrays(name: str, forward: Callable[..., Any]) -> None:
    """Raises BadInput when the function does not take the rule's arrays by position."""
    slots = signature_of(name).arrays
    least = sum(not slot.optional for slot in slots)
    taken = takes(forward)
    too_few = taken.known and least > len(taken.names) and not taken.rest
    if taken.required > len(slots) or too_few:
        wanted = ", ".join(slot.name for slot in slots) or "none"
        raise BadInput(
            f"{name} takes the arrays {wanted}, in this order; {called(forward)} takes "
            f"{', '.join(taken.names) or 'none'}. "
            "verify_rule takes functions of any arrays"
        )


def _half_and_half(
    name: str, dtypes: tuple[str, ...], catalogue: Mapping[str, Row], seed: int, own: Mapping[str, Rule]
) -> SearchStrategy[Case]:
    def drawn(profiles: Sequence[str] | None, tame: bool, sizes: Sizes) -> SearchStrategy[Case]:
        draw = functools.partial(
            cases, dtypes=dtypes, profiles=profiles, catalogue=catalogue, tame=tame, sizes=sizes, code=own
        )
        alone = draw((name,), max_nodes=1)
        if catalogue[name].bounded:
            return alone
        within = draw((name, *NEIGHBOURS), max_nodes=5)
        return alone | within.filter(lambda case: any(node.rule == name for node in case.network.nodes))

    # of few sizes mostly: JAX compiles anew for every size, which took nine tenths of the time
    tame, wild = drawn(ORDINARY, True, some_sizes(seed)), drawn(None, False, EVERY_SIZE)
    return integers(0, EVERY_SO_MANY - 1).flatmap(lambda which: wild if which == EVERY_SO_MANY - 1 else tame)
