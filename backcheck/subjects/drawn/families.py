"""What verify_rule can take: somebody's code for every set of options that can be drawn."""

import functools
import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np

from backcheck.errors import BadInput
from backcheck.subjects.drawn.objects import Arrays, Handling, Objects, Options
from backcheck.subjects.drawn.shapes import Described
from backcheck.subjects.drawn.torch_modules import Modules, forward_of, makes_modules
from backcheck.subjects.pairs.framework_callables import Framework, is_tensor
from backcheck.subjects.pairs.numpy_dtype import rounds_to
from backcheck.subjects.pairs.pair import without_constants
from backcheck.subjects.stateful.calls import Calls
from backcheck.subjects.stateful.modes import MODES
from backcheck.subjects.user_code import Function, Kind, UserCode, of_framework, of_pair

KINDS: tuple[Kind, ...] = get_args(Kind)

Describe = Callable[[Function], Sequence[Described]]


class Functions:
    """A pair, or a framework's callable: the same code for all options, and no parameters but its arrays."""

    def __init__(self, code: UserCode) -> None:
        self.code = code

    def at(self, config: Options, values: Arrays) -> UserCode:
        """The code at these options."""
        return self.code

    def parameters(self, config: Options, inputs: Arrays) -> list[tuple[str, np.ndarray]]:
        return []

    def modes(self, config: Options, values: Arrays) -> Mapping[str, list[bool]]:
        return {}

    def inputs(self, config: Options, values: Arrays) -> tuple[str, ...]:
        """What its forward calls its arrays, where only the object tells; the description has the names here."""
        return ()


Family = Functions | Objects | Modules


def family_of(
    rule: Any,
    kind: str | None,
    describe: Describe,
    config: Options,
    handling: Handling,
    *,
    torch: Any,
    jax: Any,
) -> tuple[Family, Sequence[Described]]:
    """The code for every set of options, and its arrays as `describe` has them of the function that takes them.

    `handling` says how objects are called, and where their parameters are.

    Raises BadInput for what is none of the four kinds.
    """
    family: Family
    if makes_modules(rule, config) and kind in (None, "layer", "torch"):
        signature = forward_of(rule)
        arrays = describe(any_forward if signature is None else _unbound(signature))
        family = Modules(rule, signature or any_forward, len(arrays))
    elif (kind := _known(kind) if kind else kind_of_code(rule, handling.calls)) == "layer":
        forward = getattr(rule, handling.calls.forward, None) if inspect.isclass(rule) else None
        static = inspect.isclass(rule) and isinstance(
            inspect.getattr_static(rule, handling.calls.forward, None), staticmethod
        )
        signature = any_forward if forward is None else forward if static else _unbound(forward, of_class=True)
        arrays = describe(signature)
        family = Objects(rule, signature, len(arrays), handling)
    else:
        code = of_pair(*rule) if kind == "pair" else of_framework(kind, rule)
        arrays = describe(code.signature)
        if kind == "pair":
            forward, backward = rule
            code = of_pair(forward, backward, [each.name for each in arrays])
        wanted = frozenset(at for at, each in enumerate(arrays) if each.boolean)
        if wanted:
            code = _pair_with_booleans(code, wanted) if kind == "pair" else _with_booleans(code, kind, rule, wanted)
        family = Functions(code)
    family.code = replace(family.code, torch=family.code.torch or torch, jax=family.code.jax or jax)
    return family, arrays


def _known(kind: str) -> Kind:
    found = next((each for each in KINDS if each == kind), None)
    if found is None:
        raise BadInput(f"kind must be one of {', '.join(KINDS)}; got {kind!r}")
    return found


def kind_of_code(rule: Any, calls: Calls) -> Kind:
    """Which kind of code this is. Raises BadInput where it cannot be seen."""
    if isinstance(rule, tuple) and len(rule) == 2 and all(callable(each) for each in rule):
        return "pair"
    # by whole packages: a user's module may well be called my_jax or torch_layers
    packages = {each.__module__.partition(".")[0] for each in (type(rule), *getattr(rule, "__mro__", ()))}
    if packages & {"jax", "jaxlib"}:
        return "jax"
    if "torch" in packages:
        return "torch"
    if inspect.isclass(rule) and hasattr(rule, calls.backward):
        return "layer"
    if hasattr(rule, calls.backward):
        raise BadInput(
            "verify_rule makes its objects itself, with other shapes and options each time; got one that is made "
            f"already, a {type(rule).__name__}. Pass the class, or a function that makes one and kind='layer'"
        )
    raise BadInput(
        "verify_rule takes a (forward, backward) pair, a class with both, a torch.autograd.Function or a "
        f"jax.custom_vjp; got {rule!r}. For a function say which it is: kind='layer' (it makes the object), 'torch' "
        "or 'jax'"
    )


def _pair_with_booleans(code: UserCode, wanted: Collection[int]) -> UserCode:
    """The pair, with arrays that are drawn as 0 and 1 handed over as booleans."""
    forward = _booleans(code.forward, wanted)
    return replace(
        code,
        forward=forward,
        without=functools.partial(without_constants, forward, code.backward),
        rounds_to=functools.partial(rounds_to, forward),
    )


def _with_booleans(code: UserCode, kind: Framework, rule: Any, wanted: Collection[int]) -> UserCode:
    """The same for a framework's callable, and for its mirror."""
    function = rule.apply if inspect.isclass(rule) and hasattr(rule, "apply") else rule
    other = of_framework(kind, _booleans(function, wanted))
    code = replace(code, forward=other.forward, backward=other.backward, rounds_to=other.rounds_to)
    return replace(code, torch=other.torch, jax=other.jax)


def _booleans(function: Function, wanted: Collection[int]) -> Function:
    @functools.wraps(function)
    def run(*given: Any, **config: Any) -> Any:
        return function(*(_boolean(a) if at in wanted else a for at, a in enumerate(given)), **config)

    return run


def _boolean(array: Any) -> Any:
    return array.bool() if is_tensor(array) else array.astype(bool)


def any_forward(*arrays: Any) -> Any:
    """Stands for the forward of an object that is not made yet."""
    raise NotImplementedError


def _unbound(forward: Callable[..., Any], of_class: bool = False) -> Callable[..., Any]:
    """A method without its self and what tells it the mode, so that its signature speaks of arrays only.

    In a method `of_class` the first parameter is the object, whatever it is called.
    """
    parameters = list(inspect.signature(forward).parameters.values())
    if not parameters or (parameters[0].name != "self" and not of_class):
        return forward
    bare: Any = functools.partial(forward, None)
    functools.update_wrapper(bare, forward)
    del bare.__wrapped__  # its signature has the self that is gone here
    told = [p for p in parameters[1:] if p.name in MODES and p.default is p.empty]
    if told:
        bare.__signature__ = inspect.Signature([p for p in parameters[1:] if p not in told])
    return bare  # type: ignore[no-any-return]
