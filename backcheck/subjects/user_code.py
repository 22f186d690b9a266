"""Somebody's code in the one form that every check takes, whatever it was handed in as.

A pair of functions comes here by `of_pair`, a PyTorch or JAX callable by `of_framework`, an object with state, once its
parameters are known, by `of_object`.
"""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from backcheck import complex_numbers
from backcheck.subjects.pairs import framework_callables, not_given
from backcheck.subjects.pairs.argument_order import in_order
from backcheck.subjects.pairs.by_name import by_name
from backcheck.subjects.pairs.generators import NO_GENERATORS, Generators
from backcheck.subjects.pairs.gradient_functions import gradient_function
from backcheck.subjects.pairs.meant import Intent, intent_of
from backcheck.subjects.pairs.numpy_dtype import rounds_to
from backcheck.subjects.pairs.pair import as_rule, without_constants
from backcheck.subjects.pairs.source_text import called, import_lines, mirror_lines, name_of, option_texts
from backcheck.subjects.stateful.call_history import after_another_step
from backcheck.subjects.stateful.hidden_arrays import NOTHING_HIDDEN, HiddenArrays, hidden_arrays
from backcheck.subjects.stateful.layer import Layer, OneMemory
from scratch_bp.rules import Rule

Kind = Literal["pair", "layer", "torch", "jax"]
Function = Callable[..., Any]

PAIR = ("forward", "backward")  # what a script calls functions without a name


@dataclass(frozen=True, kw_only=True)
class UserCode:
    """What was handed in, before it is called.

    `forward(*arrays, **config)` returns (y, saved) and `backward(saved, dy)` the gradients, in the user's own terms;
    the parameters of an object come as arrays behind its `inputs`. `signature` is what has the names of the arrays.

    `source` has the lines of a script that bring the code in, `call` is the beginning of the call that checks it and
    `options` are its further arguments, in source text.

    `given` is what was handed in, as `verify_rule` takes it, and `said` are the arguments beside it.

    At the positions `none_at` the user's functions are given None in the place of an array.

    `torch` and `jax` are the same function in the frameworks, `standin` is one of them as a rule on exact numbers, for
    code that cannot run on them. `intent` is what its author declares it to be. `without` has the rule with 0 for each
    small constant of the forward. `rounds_to(arrays, config)` names the dtype that a forward value went through, where
    that is narrower than theirs. `gradients(positions)`, of a framework's code, is the code of its gradients by these
    arrays, as a function of the arrays and of the cotangent. `another_step(arrays, dy, config, generators)` gives the
    gradients of an object that has made another step before. `shared` has the parameters that several places hold,
    and `hidden(arrays, config)` the arrays of it that nobody gives a gradient of.
    """

    kind: Kind
    name: str
    given: Any = None
    said: Mapping[str, Any] = field(default_factory=dict)
    forward: Function
    backward: Function
    signature: Function
    source: tuple[str, ...]
    call: str
    options: tuple[str, ...] = ()
    inputs: int | None = None
    complex_at: frozenset[int] = frozenset()
    none_at: frozenset[int] = frozenset()
    torch: Function | None = None
    jax: Function | None = None
    standin: Rule | None = None
    intent: Intent | None = None
    gradients: "Callable[[Sequence[int]], UserCode] | None" = None
    without: Callable[[], Mapping[str, tuple[float, Rule]]] = dict
    rounds_to: Callable[[Sequence[np.ndarray], Mapping[str, Any]], str] = lambda arrays, config: ""
    another_step: Callable[..., list[Any] | None] | None = None
    shared: Callable[[], Sequence[OneMemory]] = tuple
    hidden: Callable[[Sequence[np.ndarray], Mapping[str, Any]], HiddenArrays] = lambda arrays, config: NOTHING_HIDDEN

    @property
    def is_numpy(self) -> bool:
        """Is it ordinary NumPy code, and not a framework's?"""
        return self.kind in ("pair", "layer")

    def with_option(self, text: str) -> "UserCode":
        """The same, with one more argument in the call of a script."""
        return replace(self, options=(*self.options, text))

    def declared(self, meant: Any) -> "UserCode":
        """The same, with what its author says it is meant to be."""
        intent = intent_of(meant, self.kind)
        lines = (*self.source, intent.line) if intent.line else self.source
        return replace(self, intent=intent, source=lines).with_option(intent.text)

    @property
    def reruns(self) -> bool:
        """Does its backward run its forward once more, as `jax.vjp` does?"""
        return self.kind == "jax"

    def of_parts(self, at: frozenset[int]) -> "UserCode":
        """The same as a function of the parts of the arrays at these places, which are complex."""
        if not at:
            return self
        return replace(
            self,
            forward=complex_numbers.taking_parts(self.forward, at),
            backward=complex_numbers.giving_parts(self.backward, at),
            torch=complex_numbers.of_framework("torch", self.torch, at),
            jax=complex_numbers.of_framework("jax", self.jax, at),
            complex_at=at,
            standin=None,
            without=dict,
            rounds_to=lambda arrays, config: "",
        )

    def without_arrays(self, at: frozenset[int], count: int) -> "UserCode":
        """The same as a function of the other `count` arrays, with None at these positions."""
        if not at:
            return self
        mirrors = [None if each is None else not_given.taking_none(each, at) for each in (self.torch, self.jax)]
        forward, backward = not_given.taking_none(self.forward, at), not_given.leaving_none(self.backward, at, count)
        other = replace(self, forward=forward, backward=backward, torch=mirrors[0], jax=mirrors[1], none_at=at)
        standin = framework_callables.standin(*mirrors) if self.standin is not None else None
        return replace(other, standin=standin, without=dict)

    def read_as(self, layer: Layer) -> "UserCode":
        """The same, with what backward says of shared memory read in another way."""
        step = functools.partial(after_another_step, layer)
        return replace(self, forward=layer.forward, backward=layer.backward, another_step=step)

    def rule(self, generators: Generators = NO_GENERATORS) -> Rule:
        """What the engine runs. Every call of forward draws its random numbers from the same states of these."""
        forward, backward = self.forward, self.backward
        return as_rule(forward, backward, generators=generators, numpy=self.is_numpy, reruns=self.reruns)


def of_pair(
    forward: Function,
    backward: Function,
    names: Sequence[str] = (),
    *,
    torch: Function | None = None,
    jax: Function | None = None,
) -> UserCode:
    """Two functions. Where the arrays have `names`, backward may return their gradients by those."""
    ordered = in_order(backward)
    ordered = by_name(ordered, names, name_of(forward)) if names else ordered
    lines, options = mirror_lines(torch=torch, jax=jax)
    return UserCode(
        kind="pair",
        name=name_of(forward),
        given=(forward, backward),
        forward=forward,
        backward=ordered,
        signature=forward,
        source=("import backcheck", *import_lines(forward, backward, otherwise=PAIR), *lines),
        call=f"backcheck.check_vjp({called(forward, PAIR[0])}, {called(backward, PAIR[1])},",
        options=tuple(options),
        torch=torch,
        jax=jax,
        standin=framework_callables.standin(torch, jax),
        without=functools.partial(without_constants, forward, ordered),
        rounds_to=functools.partial(rounds_to, forward),
    )


def of_framework(kind: framework_callables.Framework, function: Any) -> UserCode:
    """A PyTorch or JAX callable. Its own oracle is the framework's derivative of the same code without its rules."""
    function = framework_callables.whole_function(function)
    raw = framework_callables.saying_none(kind, function, framework_callables.pair_of(kind, function))
    mirror = framework_callables.without_custom(kind, function)
    return UserCode(
        kind=kind,
        name=name_of_framework(function),
        given=function,
        forward=raw.forward,
        backward=raw.backward,
        signature=framework_callables.signature_of(function),
        source=("import backcheck", *import_lines(function)),
        call=f"backcheck.check_{kind}({called(function)},",
        torch=mirror if kind == "torch" else None,
        jax=mirror if kind == "jax" else None,
        without=functools.partial(framework_callables.without_constants, kind, function),
        rounds_to=functools.partial(framework_callables.rounds_to, kind, function),
        gradients=functools.partial(of_gradients, kind, name_of_framework(function), function),
    )


def name_of_framework(function: Any) -> str:
    """What to call a framework's callable: a class by its own name."""
    return function.__name__ if inspect.isclass(function) else name_of(function)


def of_gradients(kind: framework_callables.Framework, name: str, function: Any, wanted: Sequence[int]) -> UserCode:
    """The gradients of a framework's callable as code of its own, whose backward is the framework's second one."""
    call = framework_callables.callable_of(kind, function)
    own = gradient_function(kind, call, wanted)
    plain = gradient_function(kind, framework_callables.without_custom(kind, function), wanted)
    raw = framework_callables.pair_of(kind, own)
    return UserCode(
        kind=kind,
        name=f"the double backward of {name}",
        forward=raw.forward,
        backward=raw.backward,
        signature=own,
        source=(),
        call="",
        torch=plain if kind == "torch" else None,
        jax=plain if kind == "jax" else None,
    )


def of_module(module: Any, inputs: int, made_by: Any = None) -> UserCode:
    """An nn.Module, as a function of its inputs and then of its parameters. `made_by` is its class, or what makes it.

    A script makes it again so, or has it by the name `module`.
    """
    name = type(module).__name__
    function = framework_callables.module_function(module)
    raw = framework_callables.pair_of("torch", function)
    source = [f"# module is your own: the {name} that was checked"] if made_by is None else import_lines(made_by)
    return UserCode(
        kind="torch",
        name=name,
        forward=raw.forward,
        backward=raw.backward,
        signature=framework_callables.signature_of(module),
        source=("import backcheck", *source),
        call=f"backcheck.check_torch({'module' if made_by is None else called(made_by, 'module')},",
        inputs=inputs,
        torch=framework_callables.without_custom("torch", function),
        rounds_to=functools.partial(framework_callables.rounds_to, "torch", function),
        gradients=functools.partial(of_gradients, "torch", name, function),
    )


def of_complex_framework(kind: framework_callables.Framework, function: Any, at: frozenset[int]) -> UserCode:
    """The same as a function of the parts of the arrays at these places, which are complex."""
    whole = framework_callables.whole_function(function)
    parts = of_framework(kind, complex_numbers.of_framework(kind, whole, at))
    own = of_framework(kind, function)
    return replace(
        parts, name=own.name, signature=own.signature, source=own.source, call=own.call, complex_at=at, without=dict
    )


def of_object(
    layer: Any, bound: Layer, said: Mapping[str, Any], *, torch: Function | None = None, jax: Function | None = None
) -> UserCode:
    """An object with its parameters. `said` is what the caller said of those, and of how it is called.

    A script makes the object again by its class or its function, or has it by the name `layer`.
    """
    name = type(bound.made).__name__
    can_be_made = (inspect.isclass(layer) or inspect.isfunction(layer)) and "<lambda>" not in layer.__qualname__
    source = import_lines(layer) if can_be_made else [f"# layer is your own: the {name} that was checked"]
    lines, options = mirror_lines(torch=torch, jax=jax)
    return UserCode(
        kind="layer",
        name=name,
        given=layer,
        said=said,
        forward=bound.forward,
        backward=bound.backward,
        signature=bound.calls.forward_of(bound.made) or bound.made,
        source=("import backcheck", *source, *lines),
        call=f"backcheck.check_layer({called(layer) if can_be_made else 'layer'},",
        options=(*options, *option_texts(said)),
        inputs=bound.inputs,
        torch=torch,
        jax=jax,
        standin=framework_callables.standin(torch, jax),
        without=bound.without,
        rounds_to=functools.partial(rounds_to, bound.forward),
        another_step=functools.partial(after_another_step, bound),
        shared=bound.shared,
        hidden=lambda arrays, _: hidden_arrays(bound, arrays[: bound.inputs], said.get("params") is not None),
    )
