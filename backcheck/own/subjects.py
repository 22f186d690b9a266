"""What verify_rule can take, each brought to one form: how to make the pair for a drawn set of options."""

import copy
import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backcheck.own import frameworks, habits, places
from backcheck.own import layer as layers
from backcheck.own.naming import called, imports, name_of
from backcheck.own.pair import as_rule, in_order, pair_without
from backcheck.own.places import Leaf, Where
from backcheck.own.shapes import Described
from backcheck.problem import BadInput
from scratch_bp.rules import Rule

KINDS = ("pair", "layer", "torch", "jax")
MODES = ("training", "train_mode", "is_training", "train_flg", "training_mode")
MODE = "training mode"


Options = Mapping[str, Any]
Raw = tuple[Callable[..., Any], Callable[..., Any]]


@dataclass(frozen=True)
class Subject:
    """`raw` is the pair in the user's own terms, parameters behind the inputs; `rule` makes the engine's rule of it.

    `parameters` finds those of an object made with these options, `observe` says how one call of it spoils the next,
    `without` has the rule with 0 for each small constant of its forward, `modes` the option that an object's training
    mode is, `mirror` the framework's own derivative of the same function.
    """

    kind: str
    name: str
    raw: Raw
    rule: Callable[[bool], Rule]
    source: tuple[str, ...]
    call: Callable[[Options], str]
    parameters: Callable[[Options, Sequence[np.ndarray]], Sequence[tuple[str, np.ndarray]]] = lambda *_: ()
    observe: Callable[[Options, Sequence[np.ndarray], int], str] = lambda *_: ""
    without: Callable[[Options], Mapping[str, tuple[float, Rule]]] = lambda *_: {}
    mirror: Callable[..., Any] | None = None
    modes: Callable[[Options], Mapping[str, list[bool]]] = lambda _: {}


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
        return Subject(kind, name_of(forward), raw, made, source, lambda _: call, without=lambda _: held), arrays
    found = frameworks.pair_of(kind, rule)
    arrays = described(found.plain)
    found = frameworks.pair_of(kind, _booleans(rule, arrays)) if any(each.boolean for each in arrays) else found
    call, source = f"backcheck.check_{kind}({called(rule)},", ("import backcheck", *imports(rule))
    return Subject(
        kind, found.name, found.raw, lambda _: found.rule, source, lambda _: call, mirror=found.mirror
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
    arrays = described(_unbound(factory.forward) if inspect.isclass(factory) else _any_forward)
    objects = Objects(factory, len(arrays), params, grads)
    name = factory.__name__ if inspect.isclass(factory) else name_of(factory)
    raw = (objects.forward, objects.backward)
    subject = Subject(
        kind="layer",
        name=name,
        raw=raw,
        rule=functools.partial(_rule_of, raw),
        source=("import backcheck", *imports(factory)),
        call=functools.partial(_call, called(factory)),
        parameters=objects.parameters,
        observe=objects.observe,
        without=objects.without,
        modes=objects.modes,
    )
    return subject, arrays


def _call(factory: str, config: Options) -> str:
    """The source text that checks one object again."""
    given = ", ".join(f"{name}={value!r}" for name, value in config.items() if name != MODE)
    made = f"{factory}({given})"
    return f"backcheck.check_layer({made if config.get(MODE, True) else f'evaluating({made})'},"


class Objects:
    """The objects that a factory makes: one for each set of options, found out about when it is first met."""

    def __init__(self, factory: Callable[..., Any], inputs: int, params: Where, grads: Where) -> None:
        self._factory, self._inputs, self._params, self._grads = factory, inputs, params, grads
        self._leaves: dict[str, list[Leaf]] = {}
        self._renewed = False

    def make(self, config: Options) -> Any:
        """The object of these options, in evaluation mode when they say so."""
        given = {name: value for name, value in config.items() if name != MODE}
        made = layers.instance(functools.partial(self._factory, **given))
        return made if config.get(MODE, True) else evaluating(made)

    def modes(self, config: Options) -> dict[str, list[bool]]:
        """Training and evaluation as one more option, where the object of these options knows the difference."""
        return {MODE: [True, False]} if has_modes(self.make(config)) else {}

    def parameters(self, config: Options, inputs: Sequence[np.ndarray]) -> list[tuple[str, np.ndarray]]:
        """What the object of these options has, by calling it once on these inputs."""
        made = self.make(config)
        found = places.leaves(habits.first_call(made, inputs), self._params, self._grads)
        self._leaves[_key(config)] = found
        return [(leaf.name, np.asarray(leaf.get(made))) for leaf in found]

    def observe(self, config: Options, values: Sequence[np.ndarray], inputs: int) -> str:
        """How one call spoils the next, at these values."""
        known = self._known(config)
        own = layers.with_parameters(self.make(config), known, values[inputs:])
        with np.errstate(all="ignore"):
            seen = habits.observe(own, values[:inputs], known)
        self._renewed = self._renewed or seen.renewed
        return seen.stale

    def without(self, config: Options) -> dict[str, tuple[float, Rule]]:
        """The object's rule with 0 for each small constant."""
        return layers.without(self.make(config), self._layer)

    @property
    def _layer(self) -> layers.Layer:
        return layers.Layer(self.make, self._known, self._inputs, self._renewed)

    def _known(self, config: Options) -> list[Leaf]:
        return self._leaves[_key(config)]

    def forward(self, *values: Any, **config: Any) -> tuple[Any, Any]:
        return self._layer.forward(*values, **config)

    def backward(self, saved: Any, dy: Any) -> tuple[Any, ...]:
        return self._layer.backward(saved, dy)


def _key(config: Options) -> str:
    return repr(sorted(config.items(), key=str))


def _any_forward(*arrays: Any) -> Any:
    """Stands for the forward of an object that is not made yet."""
    raise NotImplementedError


def _unbound(forward: Callable[..., Any]) -> Callable[..., Any]:
    """A method without its self, so that its signature speaks of arrays only."""
    parameters = list(inspect.signature(forward).parameters.values())
    if not parameters or parameters[0].name != "self":
        return forward
    bare = functools.partial(forward, None)
    functools.update_wrapper(bare, forward)
    del bare.__wrapped__  # its signature has the self that is gone here
    return bare


def has_modes(made: Any) -> bool:
    """Does the object know training from evaluation?"""
    return _switches(made) or any(isinstance(getattr(made, name, None), bool) for name in MODES)


def _switches(made: Any) -> bool:
    return callable(getattr(made, "train", None)) and callable(getattr(made, "eval", None))


def evaluating(made: Any) -> Any:
    """A copy of the object in evaluation mode, where it knows the difference."""
    made = copy.copy(made)
    if _switches(made):
        made.eval()
    for name in MODES:
        if isinstance(getattr(made, name, None), bool):
            setattr(made, name, False)
    return made
