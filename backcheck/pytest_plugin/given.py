"""Hypothesis tests of the user's own, over the networks or the rules that backcheck draws.

    @backcheck.given_rule("softmax")
    def test_mine(case):
        arrays, dy = case.make()
        ...

What is heavy is imported inside the functions that need it.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from backcheck.errors import BadInput, unknown
from backcheck.session import asked, draws_of

TestFunction = Callable[..., Any]
Decorator = Callable[[TestFunction], TestFunction]
DTYPES = ("float64", "float32")


def given_network(
    rules: Iterable[str] | None = None, *, max_nodes: int = 9, dtypes: Sequence[str] = DTYPES, draws: int | None = None
) -> Decorator:
    """A Hypothesis test of networks of these rules (all, unless said), which it receives one by one as `case`.

    `case.make()` gives the arrays by name and the output's cotangent, `case.network` is the program. A network has up
    to `max_nodes` nodes; `dtypes` are drawn too, and `draws` is the number of networks. Raises BadInput for what cannot
    be drawn.

    >>> import backcheck
    >>> @given_network(["dense", "tanh"], max_nodes=3, draws=3)
    ... def test_right(case):
    ...     arrays, dy = case.make()
    ...     assert not backcheck.check(case.network, arrays, dy, oracles=("exact",)).disagreements
    >>> test_right()
    """
    _require(not callable(rules), "given_network takes options, not the test; write @backcheck.given_network()")
    _require(max_nodes >= 1, f"a network has 1 node or more, got max_nodes={max_nodes}")
    return _decorator(None if rules is None else tuple(rules), max_nodes, tuple(dtypes), draws)


def given_rule(name: str, *, dtypes: Sequence[str] = DTYPES, draws: int | None = None) -> Decorator:
    """A Hypothesis test of one rule alone, over its shapes, options and values, received one by one as `case`.

    `case.make()` gives the arrays by name and the output's cotangent. `dtypes` are drawn too, and `draws` is the number
    of cases. Raises BadInput for an unknown rule or dtype.

    >>> @given_rule("softmax", draws=3)
    ... def test_has_an_array(case):
    ...     arrays, dy = case.make()
    ...     assert arrays["x"].shape == dy.shape
    >>> test_has_an_array()
    """
    _require(isinstance(name, str), f'given_rule takes a rule\'s name, got {name!r}; as in given_rule("softmax")')
    return _decorator((name,), 1, tuple(dtypes), draws)


def _decorator(rules: tuple[str, ...] | None, max_nodes: int, dtypes: tuple[str, ...], draws: int | None) -> Decorator:
    from hypothesis import HealthCheck, given, seed, settings

    from backcheck.strategies.case_strategies import cases
    from backcheck_reference.numbers.balls import BITS
    from scratch_bp.rules import RULES

    _require_known("rule", rules or (), RULES)
    _require_known("dtype", dtypes, BITS)
    drawn = cases(rules, dtypes, max_nodes=max_nodes)
    chosen = settings(
        max_examples=draws_of(draws),
        deadline=None,
        database=None,
        print_blob=True,
        # the fixture that reports verdicts serves every example of a test, as it should
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )

    def decorate(test: TestFunction) -> TestFunction:
        return seed(_stream(test, rules))(chosen(given(case=drawn)(test)))

    return decorate


def _require_known(what: str, names: Sequence[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise BadInput(unknown(what, name, known))


def _require(holds: bool, words: str) -> None:
    if not holds:
        raise BadInput(words)


def _stream(test: TestFunction, rules: tuple[str, ...] | None) -> int:
    """A seed for each test and its rules: tests made in a loop would otherwise all draw the same."""
    identity = f"{asked().seed}/{test.__module__}.{test.__qualname__}/{rules}"
    return int.from_bytes(hashlib.sha256(identity.encode()).digest()[:8])
