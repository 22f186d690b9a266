"""What verify_rule can take, each brought to one form: how to make the pair for a drawn set of options."""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backcheck.errors import BadInput
from backcheck.subjects.drawn.factory import Arrays, Objects, Options
from backcheck.subjects.drawn.shapes import Described
from backcheck.subjects.pairs import framework_callables
from backcheck.subjects.pairs.pair import as_rule, in_order, pair_without
from backcheck.subjects.pairs.source_text import called, imports, name_of
from backcheck.subjects.stateful.modes import evaluating as evaluating
from backcheck.subjects.stateful.parameters import Where
from scratch_bp.rules import Rule

KINDS = ("pair", "layer", "torch", "jax")

Raw = tuple[Callable[..., Any], Callable[..., Any]]


@dataclass(frozen=True)
class Subject:
    """`raw` is the pair in the user's own terms, parameters behind the inputs; `rule` makes the engine's rule of it.

    Each of the following is asked at the options and the arrays of a draw: `call` is the source text that checks it
    again, `parameters` finds those of an object, `observe` says how one call of it spoils the next, `without` has the
    rule with 0 for each small constant of its forward, `modes` the option that an object's training mode is. `mirror`
    is the framework's own derivative of the same function.
    """

    kind: str
    name: str
    raw: Raw
    rule: Callable[[bool], Rule]
    source: tuple[str, ...]
    call: Callable[[Options, Arrays], str]
    parameters: Callable[[Options, Arrays], Sequence[tuple[str, np.ndarray]]] = lambda *_: ()
    observe: Callable[[Options, Arrays], str] = lambda *_: ""
    without: Callable[[Options, Arrays], Mapping[str, tuple[float, Rule]]] = lambda *_: {}
    mirror: Callable[..., Any] | None = None
    modes: Callable[[Options, Arrays], Mapping[str, list[bool]]] = lambda *_: {}


def subject_of(
    rule: Any, kind: str | None, described: Callable[[Any], Sequence[Described]], params: Where, grads: Where
) -> tuple[Subject, Sequence[Described]]:
    """The subject in the form that the fuzzer takes. Raises BadInput for what is none of the four kinds."""
    kind = kind or _kind_of(rule)
    if kind not in KINDS:
        raise BadInput(f"kind must be one of {', '.join(KINDS)}; got {kind!r}")
    return _layer(rule, described, params, grads) if kind == "layer" else _functions(rule, kind, described)


def _functions(
    rule: Any, kind: str, described: Callable[[Any], Sequence[Described]]
) -> tuple[Subject, Sequence[Described]]:
    if kind == "pair":
        forward, backward = rule[0], in_order(rule[1])
        arrays = described(forward)
        raw = (_booleans(forward, arrays), backward)
        made = functools.partial(_rule_of, raw)
        call = f"backcheck.check_vjp({called(forward)}, {called(backward)},"
        held = pair_without(raw)
        source = ("import backcheck", *imports(forward, backward))
        return Subject(kind, name_of(forward), raw, made, source, lambda *_: call, without=lambda *_: held), arrays
    found = framework_callables.pair_of(kind, rule)
    arrays = described(found.plain)
    found = (
        framework_callables.pair_of(kind, _booleans(rule, arrays)) if any(each.boolean for each in arrays) else found
    )
    call, source = f"backcheck.check_{kind}({called(rule)},", ("import backcheck", *imports(rule))
    return Subject(
        kind, found.name, found.raw, lambda _: found.rule, source, lambda *_: call, mirror=found.mirror
    ), arrays


def _rule_of(raw: Raw, reseed: bool) -> Rule:
    return as_rule(*raw, reseed=reseed)


def _kind_of(rule: Any) -> str:
    if isinstance(rule, tuple) and len(rule) == 2 and all(callable(each) for each in rule):
        return "pair"
    where = f"{type(rule).__module__} {' '.join(c.__module__ for c in getattr(rule, '__mro__', ()))}"
    if "jax" in where:
        return "jax"
    if "torch" in where:
        return "torch"
    if inspect.isclass(rule) and hasattr(rule, "backward"):
        return "layer"
    if hasattr(rule, "backward"):
        raise BadInput(
            "verify_rule makes its objects itself, with other shapes and options each time; got one that is made "
            f"already, a {type(rule).__name__}. Pass the class, or a function that makes one and kind='layer'"
        )
    raise BadInput(
        "verify_rule takes a (forward, backward) pair, a class with both, a torch.autograd.Function or a "
        f"jax.custom_vjp; got {rule!r}. For a function say which it is: kind='layer' (it makes the object), 'torch' "
        "or 'jax'"
    )


def _booleans(function: Callable[..., Any], arrays: Sequence[Described]) -> Callable[..., Any]:
    """The function, with arrays that are drawn as 0 and 1 handed over as booleans where it wants those."""
    wanted = {at for at, each in enumerate(arrays) if each.boolean}
    if not wanted:
        return function

    @functools.wraps(function)
    def run(*given: Any, **config: Any) -> Any:
        return function(*(a.astype(bool) if at in wanted else a for at, a in enumerate(given)), **config)

    return run


def _layer(
    factory: Callable[..., Any], described: Callable[[Any], Sequence[Described]], params: Where, grads: Where
) -> tuple[Subject, Sequence[Described]]:
    """A factory: every set of options makes an object, whose parameters are found by calling it once."""
    forward = getattr(factory, "forward", None) if inspect.isclass(factory) else None
    arrays = described(_any_forward if forward is None else _unbound(forward))
    objects = Objects(factory, len(arrays), params, grads)
    name = factory.__name__ if inspect.isclass(factory) else name_of(factory)
    raw = (objects.forward, objects.backward)
    subject = Subject(
        kind="layer",
        name=name,
        raw=raw,
        rule=functools.partial(_rule_of, raw),
        source=("import backcheck", *imports(factory)),
        call=functools.partial(objects.call, called(factory)),
        parameters=objects.parameters,
        observe=objects.observe,
        without=objects.without,
        modes=objects.modes,
    )
    return subject, arrays


def _any_forward(*arrays: Any) -> Any:
    """Stands for the forward of an object that is not made yet."""
    raise NotImplementedError


def _unbound(forward: Callable[..., Any]) -> Callable[..., Any]:
    """A method without its self, so that its signature speaks of arrays only."""
    parameters = list(inspect.signature(forward).parameters.values())
    if not parameters or parameters[0].name != "self":
        return forward
    bare: Any = functools.partial(forward, None)
    functools.update_wrapper(bare, forward)
    del bare.__wrapped__  # its signature has the self that is gone here
    return bare  # type: ignore[no-any-return]
