"""The nn.Modules that a class or a function makes, one for each set of options; or one module that was made already."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from backcheck.containment import raised
from backcheck.errors import BadInput
from backcheck.subjects.arrays import names_of
from backcheck.subjects.drawn.shapes import Axis
from backcheck.subjects.pairs import framework_callables
from backcheck.subjects.pairs.source_text import called
from backcheck.subjects.stateful.modes import MODE
from backcheck.subjects.user_code import UserCode, of_module

Options = Mapping[str, Any]
Arrays = Sequence[np.ndarray]


class Modules:
    """All the modules of one factory. The options go to what makes them, or to the forward of a module that is made.

    What is asked of them comes with their options and the arrays of a call, of which the first `inputs` are those of
    forward and the others the parameters.
    """

    def __init__(self, rule: Any, signature: Callable[..., Any], inputs: int) -> None:
        self._rule, self._inputs = rule, inputs
        self._made = framework_callables.is_module(rule)
        self._met: dict[str, UserCode] = {}
        self._modules: dict[str, Any] = {}
        name = type(rule).__name__ if self._made else getattr(rule, "__name__", "module")
        self.code = UserCode(
            kind="torch",
            name=name,
            forward=self._forward,
            backward=self._backward,
            signature=signature,
            source=("import backcheck",),
            call=f"backcheck.check_torch({called(rule, 'module')},",
            inputs=inputs,
        )

    @property
    def objects(self) -> list[Any]:
        """Those that were made so far."""
        return list(self._modules.values())

    def at(self, config: Options, values: Arrays) -> UserCode:
        """The code at these options, with the source text that makes this module again."""
        found = self._meet(config)
        mode = "" if MODE not in config else f".train({config[MODE]})"
        options = () if not self._made else tuple(f"config={kept!r}" for kept in [self._forwards(config)] if kept)
        text = "module" if self._made else f"{called(self._rule, 'module')}({self._given(config)})"
        torch = None if found.torch is None else _without_options(found.torch, self._forwards(config))
        own = replace(self.code, source=found.source, torch=torch, jax=self.code.jax, gradients=found.gradients)
        return replace(own, call=f"backcheck.check_torch({text}{mode},", options=options)

    def parameters(self, config: Options, inputs: Arrays) -> list[tuple[str, np.ndarray]]:
        """Those of the module of these options, by name."""
        return list(framework_callables.parameters_of(self._module(config), inputs, self._forwards(config)).items())

    def inputs(self, config: Options, values: Arrays) -> tuple[str, ...]:
        """What its forward calls its arrays; the class says it, where there is one."""
        return names_of(framework_callables.signature_of(self._module(config)), self._inputs)

    def modes(self, config: Options, values: Arrays) -> Mapping[str, list[bool]]:
        """Training and evaluation as one more option, where the module knows the difference."""
        module = self._module(config)
        return {MODE: [module.training, not module.training]} if framework_callables.knows_modes(module) else {}

    def _given(self, config: Options) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in config.items() if name != MODE)

    def _forwards(self, config: Options) -> dict[str, Any]:
        """The options that go to forward."""
        return {name: value for name, value in config.items() if name != MODE} if self._made else {}

    def _forward(self, *values: Any, **config: Any) -> tuple[Any, Any]:
        code = self._meet(config)
        value, saved = code.forward(*values, **self._forwards(config))
        return value, (code, saved)

    def _backward(self, saved: Any, dy: Any) -> Any:
        code, kept = saved
        return code.backward(kept, dy)

    def _module(self, config: Options) -> Any:
        self._meet(config)
        return self._modules[self._key(config)]

    def _key(self, config: Options) -> str:
        own = {name: value for name, value in config.items() if not self._made or name == MODE}
        return repr(sorted(own.items(), key=str))

    def _meet(self, config: Options) -> UserCode:
        key = self._key(config)
        if key not in self._met:
            module = self._rule if self._made else _make(self._rule, config)
            if MODE in config:
                module = framework_callables.in_mode(module, config[MODE])
            self._modules[key] = module
            self._met[key] = of_module(module, self._inputs, made_by=None if self._made else self._rule)
        return self._met[key]


def _make(rule: Callable[..., Any], config: Options) -> Any:
    options = {name: value for name, value in config.items() if name != MODE}
    try:
        made = framework_callables.made(rule, options)
    except (Exception, SystemExit) as error:
        given = ", ".join(f"{name}={value!r}" for name, value in options.items())
        what = f"{called(rule, 'module')}({given})"
        raise BadInput(f"{what} {raised(error)}; config has its options") from error
    if not framework_callables.is_module(made):
        raise BadInput(f"{called(rule, 'module')} must make an nn.Module; it made {type(made).__name__}")
    return made


def _without_options(function: Callable[..., Any], kept: Options) -> Callable[..., Any]:
    return lambda *tensors, **_: function(*tensors, **kept)


def makes_modules(rule: Any, config: Options) -> bool:
    """Is this a module, a class of them, or a function of the options that makes one?"""
    if framework_callables.is_module(rule) or framework_callables.is_module_class(rule):
        return True
    if not inspect.isfunction(rule):
        return False
    first = {name: choices[0] if isinstance(choices, list) and choices else choices for name, choices in config.items()}
    options = {name: 2 if isinstance(value, Axis) else value for name, value in first.items()}
    try:
        inspect.signature(rule).bind(**options)
        return framework_callables.is_module(rule(**options))
    except Exception:  # what it says to these options is no matter here
        return False


def forward_of(rule: Any) -> Callable[..., Any] | None:
    """What has the names of its inputs: the forward of a class, or of a module."""
    return rule.forward if inspect.isclass(rule) or framework_callables.is_module(rule) else None
