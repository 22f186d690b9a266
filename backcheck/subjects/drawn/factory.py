"""The objects that a factory makes: one for each set of options and shapes, found out about when it is first met."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from backcheck.diagnosis import reproducer
from backcheck.errors import BadInput
from backcheck.subjects.pairs.pair import seeded
from backcheck.subjects.stateful import call_history
from backcheck.subjects.stateful import layer as layers
from backcheck.subjects.stateful.modes import MODE, evaluating, training_of
from backcheck.subjects.stateful.parameters import Leaf, Where
from scratch_bp.rules import Rule

Options = Mapping[str, Any]
Arrays = Sequence[np.ndarray]


class Met(NamedTuple):
    """One object, its parameters, and whether its gradients add up over calls. `seen` is what it was trained on."""

    made: Any
    leaves: list[Leaf]
    renewed: bool
    seen: tuple[np.ndarray, ...] = ()


class Objects:
    """All the objects of one factory. What is asked of them comes with their options and the arrays of a call, of
    which the first `inputs` are those of forward and the others the parameters."""

    def __init__(self, factory: Callable[..., Any], inputs: int, params: Where, grads: Where) -> None:
        self._factory, self._inputs, self._params, self._grads = factory, inputs, params, grads
        self._met: dict[str, Met] = {}

    def forward(self, *values: Any, **config: Any) -> tuple[Any, Any]:
        bound = self._bound(config, values)
        value, saved = bound.forward(*values, **config)
        return value, (bound, saved)

    def backward(self, saved: Any, dy: Any) -> tuple[Any, ...]:
        bound, kept = saved
        return tuple(bound.backward(kept, dy))

    def parameters(self, config: Options, inputs: Arrays) -> list[tuple[str, np.ndarray]]:
        """Those of the object of these options, by name."""
        met = self.meet(config, inputs)
        return [(leaf.name, np.asarray(leaf.get(met.made))) for leaf in met.leaves]

    def observe(self, config: Options, values: Arrays) -> str:
        """How one call spoils the next, at these values."""
        met, inputs = self.meet(config, values), values[: self._inputs]
        own = layers.with_parameters(met.made, met.leaves, values[self._inputs :])
        with np.errstate(all="ignore"):
            return call_history.observe(own, inputs, met.leaves).stale

    def without(self, config: Options, values: Arrays) -> Mapping[str, tuple[float, Rule]]:
        """The object's rule with 0 for each small constant."""
        return layers.without(self.meet(config, values).made, self._bound(config, values))

    def modes(self, config: Options, values: Arrays) -> dict[str, list[bool]]:
        """Training and evaluation as one more option, where the object of these options knows the difference."""
        before = training_of(self.meet(config, values).made)
        return {} if before is None else {MODE: [before, not before]}

    def call(self, name: str, config: Options, values: Arrays) -> str:
        """The source text that checks this object again."""
        given = ", ".join(f"{option}={value!r}" for option, value in config.items() if option != MODE)
        made, met = f"{name}({given})", self.meet(config, values)
        if met.seen:
            seen = ", ".join(map(reproducer.literal, met.seen))
            made = f"backcheck.evaluating({made}, {seen}{', training=True' * config[MODE]})"
        return f"backcheck.check_layer({made},"

    def meet(self, config: Options, values: Arrays) -> Met:
        """The object of these options, settled on inputs of these shapes. Raises BadInput when it takes none."""
        inputs = values[: self._inputs]
        key = repr((sorted(config.items(), key=str), [np.shape(each) for each in inputs]))
        if key not in self._met:
            with np.errstate(all="ignore"), seeded(True):
                self._met[key] = self._find_out(config, inputs)
        return self._met[key]

    def _find_out(self, config: Options, inputs: Arrays) -> Met:
        try:
            return self._settled(config, self._made(config), _usual(inputs))
        except BadInput:  # it may take some numbers only
            return self._settled(config, self._made(config), inputs)

    def _made(self, config: Options) -> Any:
        options = {name: value for name, value in config.items() if name != MODE}
        try:
            made = self._factory(**options)
        except Exception as error:
            given = ", ".join(f"{name}={value!r}" for name, value in options.items())
            what = f"{self._factory.__name__}({given})"
            raise BadInput(f"{what} raises {type(error).__name__}: {error}; config has its options") from error
        return layers.instance(made)

    def _settled(self, config: Options, made: Any, inputs: Arrays) -> Met:
        """The object on which the parameters are found, in the mode that the options say, used once before if it is
        not the mode it was made in."""
        seen: tuple[np.ndarray, ...] = ()
        if MODE in config and training_of(made) is not config[MODE]:
            seen = tuple(inputs)
            made = evaluating(made, *seen, training=config[MODE])
        made, leaves = call_history.settle(made, inputs, self._params, self._grads)
        return Met(made, leaves, call_history.observe(made, inputs, leaves).renewed, seen)

    def _bound(self, config: Options, values: Arrays) -> layers.Layer:
        met = self.meet(config, values)
        return layers.Layer(lambda _: met.made, lambda _: met.leaves, self._inputs, met.renewed)


def _usual(inputs: Arrays) -> list[np.ndarray]:
    """Inputs of these shapes that most code takes and that hide nothing; what is no float is as it is."""
    rng = np.random.Generator(np.random.PCG64(0))
    return [each if each.dtype.kind in "iub" else _drawn(rng, each) for each in map(np.asarray, inputs)]


def _drawn(rng: np.random.Generator, like: np.ndarray) -> np.ndarray:
    """To three digits, for scripts that print them."""
    return rng.uniform(0.5, 1.5, like.shape).round(3).astype(np.float64 if like.dtype == object else like.dtype)
