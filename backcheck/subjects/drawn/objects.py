"""The objects that a class or a factory makes: one for each set of options and shapes, called first when it is met."""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backcheck.containment import raised
from backcheck.diagnosis import reproducer
from backcheck.errors import BadInput
from backcheck.subjects.arrays import is_integer, names_of
from backcheck.subjects.pairs.generators import generators_of
from backcheck.subjects.pairs.source_text import called, import_lines, name_of, option_texts
from backcheck.subjects.stateful.call_history import after_another_step, known_object
from backcheck.subjects.stateful.calls import USUAL_CALLS, Calls
from backcheck.subjects.stateful.hidden_arrays import HiddenArrays, hidden_arrays
from backcheck.subjects.stateful.layer import Layer, instance
from backcheck.subjects.stateful.modes import MODE, in_mode, must_be_told, training_of
from backcheck.subjects.stateful.parameters import Where
from backcheck.subjects.user_code import UserCode

Options = Mapping[str, Any]
Arrays = Sequence[np.ndarray]


@dataclass(frozen=True, slots=True)
class MadeObject:
    """The object of one set of options. `trained_on` are the inputs on which it was used once, in the other mode."""

    layer: Layer
    trained_on: tuple[np.ndarray, ...] = ()


@dataclass(frozen=True, slots=True)
class Handling:
    """What the caller says of the objects: where their parameters and gradients are, and how they are called."""

    params: Where = None
    grads: Where = None
    calls: Calls = USUAL_CALLS

    @property
    def options(self) -> tuple[str, ...]:
        """The same as further arguments of a check, in source text."""
        said = {"params": self.params, "grads": self.grads, "methods": self.methods, "reset": self.calls.reset}
        return option_texts(said)

    @property
    def methods(self) -> tuple[str, str] | None:
        """The names of the methods, where they are not the usual ones."""
        named = self.calls.forward, self.calls.backward
        return None if named == (USUAL_CALLS.forward, USUAL_CALLS.backward) else named


class Objects:
    """All the objects of one factory. What is asked of them comes with their options and the arrays of a call, of
    which the first `inputs` are those of forward and the others the parameters."""

    def __init__(
        self, factory: Callable[..., Any], signature: Callable[..., Any], inputs: int, handling: Handling
    ) -> None:
        self._factory, self._inputs, self._handling = factory, inputs, handling
        self._met: dict[str, MadeObject] = {}
        self.code = UserCode(
            kind="layer",
            name=factory.__name__ if inspect.isclass(factory) else name_of(factory),
            forward=self._forward,
            backward=self._backward,
            signature=signature,
            source=("import backcheck", *import_lines(factory)),
            call=called(factory),
            inputs=inputs,
            options=handling.options,
            hidden=self._hidden,
        )

    @property
    def objects(self) -> list[Any]:
        """Those that were made so far."""
        return [each.layer.made for each in self._met.values()]

    def at(self, config: Options, values: Arrays) -> UserCode:
        """The code at these options, with the source text that makes this object again."""
        made = self._meet(config, values)
        given = ", ".join(f"{option}={value!r}" for option, value in config.items() if option != MODE)
        text = f"{called(self._factory)}({given})"
        if made.trained_on:
            trained_on = ", ".join(map(reproducer.literal, made.trained_on))
            methods = self._handling.methods
            said = f"{', training=True' if config[MODE] else ''}{f', methods={methods!r}' if methods else ''}"
            text = f"backcheck.evaluating({text}, {trained_on}{said})"
        return replace(
            self.code,
            call=f"backcheck.check_layer({text},",
            without=made.layer.without,
            another_step=functools.partial(after_another_step, made.layer),
            shared=made.layer.shared,
        )

    def parameters(self, config: Options, inputs: Arrays) -> list[tuple[str, np.ndarray]]:
        """Those of the object of these options, by name."""
        return list(self._meet(config, inputs).layer.values.items())

    def inputs(self, config: Options, values: Arrays) -> tuple[str, ...]:
        """What its forward calls its arrays, where only the object tells, since a function makes it."""
        if inspect.isclass(self._factory):
            return ()
        made = self._meet(config, values).layer.made
        return names_of(self._handling.calls.forward_of(made) or made, self._inputs)

    def modes(self, config: Options, values: Arrays) -> dict[str, list[bool]]:
        """Training and evaluation as one more option, where the object of these options knows the difference."""
        before = training_of(self._meet(config, values).layer.made, self._handling.calls)
        return {} if before is None else {MODE: [before, not before]}

    def _forward(self, *values: Any, **config: Any) -> tuple[Any, Any]:
        layer = self._meet(config, values).layer
        value, saved = layer.forward(*values)
        return value, (layer, saved)

    def _backward(self, saved: Any, dy: Any) -> tuple[Any, ...]:
        layer, kept = saved
        return tuple(layer.backward(kept, dy))

    def _hidden(self, values: Arrays, config: Options) -> HiddenArrays:
        made, inputs = self._meet(config, values), _usual(values[: self._inputs])
        return hidden_arrays(made.layer, inputs, self._handling.params is not None)

    def _meet(self, config: Options, values: Arrays) -> MadeObject:
        """The object of these options, settled on inputs of these shapes. Raises BadInput when it takes none."""
        inputs = values[: self._inputs]
        key = repr((sorted(config.items(), key=str), [np.shape(each) for each in inputs]))
        if key not in self._met:
            generators = generators_of(self._factory)
            with np.errstate(all="ignore"), generators.at(generators.start):
                try:
                    self._met[key] = self._made(config, _usual(inputs))
                except BadInput:  # it may take some numbers only
                    self._met[key] = self._made(config, inputs)
        return self._met[key]

    def _made(self, config: Options, inputs: Arrays) -> MadeObject:
        """The object on which the parameters are found, in the mode that the options say, used once before if it is
        not the mode it was made in."""
        options = {name: value for name, value in config.items() if name != MODE}
        try:
            made = self._factory(**options)
        except (Exception, SystemExit) as error:
            given = ", ".join(f"{name}={value!r}" for name, value in options.items())
            what = f"{self._factory.__name__}({given})"
            raise BadInput(f"{what} {raised(error)}; config has its options") from error
        handling, calls = self._handling, self._handling.calls
        made = instance(made, calls)
        trained_on: tuple[np.ndarray, ...] = ()
        if MODE in config and training_of(made, calls) is not config[MODE]:
            trained_on = tuple(inputs)
            made = in_mode(made, config[MODE], calls, trained_on)
        elif must_be_told(made, calls):
            made = in_mode(made, True, calls)
        return MadeObject(known_object(made, inputs, handling.params, handling.grads, calls).layer, trained_on)


def _usual(inputs: Arrays) -> list[np.ndarray]:
    """Inputs of these shapes that most code takes and that hide nothing; what is no float is as it is.

    They have three digits, for scripts that print them.
    """
    rng, found = np.random.Generator(np.random.PCG64(0)), list(map(np.asarray, inputs))
    for at, each in enumerate(found):
        if not is_integer(each):
            dtype = np.float64 if each.dtype == object else each.dtype
            found[at] = rng.uniform(0.5, 1.5, each.shape).round(3).astype(dtype)
    return found
