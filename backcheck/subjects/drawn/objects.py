"""The objects that a class or a factory makes: one for each set of options and shapes, called first when it is met."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backcheck.diagnosis import reproducer
from backcheck.errors import BadInput
from backcheck.subjects.arrays import is_integer
from backcheck.subjects.pairs.pair import seeded
from backcheck.subjects.pairs.source_text import called, import_lines, name_of
from backcheck.subjects.stateful.call_history import known_object, observed
from backcheck.subjects.stateful.layer import Layer, instance
from backcheck.subjects.stateful.modes import MODE, evaluating, training_of
from backcheck.subjects.stateful.object_copy import with_parameters
from backcheck.subjects.stateful.parameters import Where
from backcheck.subjects.user_code import UserCode

Options = Mapping[str, Any]
Arrays = Sequence[np.ndarray]


@dataclass(frozen=True, slots=True)
class MadeObject:
    """The object of one set of options. `trained_on` are the inputs on which it was used once, in the other mode."""

    layer: Layer
    trained_on: tuple[np.ndarray, ...] = ()


class Objects:
    """All the objects of one factory. What is asked of them comes with their options and the arrays of a call, of
    which the first `inputs` are those of forward and the others the parameters."""

    def __init__(
        self, factory: Callable[..., Any], signature: Callable[..., Any], inputs: int, params: Where, grads: Where
    ) -> None:
        self._factory, self._inputs, self._params, self._grads = factory, inputs, params, grads
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
        )

    def at(self, config: Options, values: Arrays) -> UserCode:
        """The code at these options, with the source text that makes this object again."""
        made = self._meet(config, values)
        given = ", ".join(f"{option}={value!r}" for option, value in config.items() if option != MODE)
        text = f"{called(self._factory)}({given})"
        if made.trained_on:
            trained_on = ", ".join(map(reproducer.literal, made.trained_on))
            text = f"backcheck.evaluating({text}, {trained_on}{', training=True' if config[MODE] else ''})"
        return replace(self.code, call=f"backcheck.check_layer({text},", without=made.layer.without)

    def parameters(self, config: Options, inputs: Arrays) -> list[tuple[str, np.ndarray]]:
        """Those of the object of these options, by name."""
        return list(self._meet(config, inputs).layer.values.items())

    def stale(self, config: Options, values: Arrays) -> str:
        """How one call spoils the next, at these values."""
        layer, inputs = self._meet(config, values).layer, values[: self._inputs]
        own = with_parameters(layer.made, layer.leaves, values[self._inputs :])
        with np.errstate(all="ignore"):
            return observed(replace(layer, made=own), inputs).stale

    def modes(self, config: Options, values: Arrays) -> dict[str, list[bool]]:
        """Training and evaluation as one more option, where the object of these options knows the difference."""
        before = training_of(self._meet(config, values).layer.made)
        return {} if before is None else {MODE: [before, not before]}

    def _forward(self, *values: Any, **config: Any) -> tuple[Any, Any]:
        layer = self._meet(config, values).layer
        value, saved = layer.forward(*values)
        return value, (layer, saved)

    def _backward(self, saved: Any, dy: Any) -> tuple[Any, ...]:
        layer, kept = saved
        return tuple(layer.backward(kept, dy))

    def _meet(self, config: Options, values: Arrays) -> MadeObject:
        """The object of these options, settled on inputs of these shapes. Raises BadInput when it takes none."""
        inputs = values[: self._inputs]
        key = repr((sorted(config.items(), key=str), [np.shape(each) for each in inputs]))
        if key not in self._met:
            with np.errstate(all="ignore"), seeded(True):
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
        except Exception as error:
            given = ", ".join(f"{name}={value!r}" for name, value in options.items())
            what = f"{self._factory.__name__}({given})"
            raise BadInput(f"{what} raises {type(error).__name__}: {error}; config has its options") from error
        made = instance(made)
        trained_on: tuple[np.ndarray, ...] = ()
        if MODE in config and training_of(made) is not config[MODE]:
            trained_on = tuple(inputs)
            made = evaluating(made, *trained_on, training=config[MODE])
        return MadeObject(known_object(made, inputs, self._params, self._grads).layer, trained_on)


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
