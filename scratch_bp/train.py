"""Learning by gradient descent: forward, backward, step, and again, with every step open to inspection.

The network is the textbook's (scratch_bp.textbook) and its gradients come from the general machinery
(scratch_bp.network). Each step tells what it was computed from, so that a caller can have its gradients verified.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby

import numpy as np

from scratch_bp.data import Dataset, Examples
from scratch_bp.initialisers import INITIALISERS
from scratch_bp.network import Network, forward, value_and_grad
from scratch_bp.optimisers import OPTIMISERS
from scratch_bp.rules import RULES, Rule
from scratch_bp.textbook import as_network

Params = Mapping[str, np.ndarray]


class TrainingError(ValueError):
    """Settings that cannot work, or that did not: the loss has left the finite numbers."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to learn. The defaults are for the digits: over 95 % of the held-back ones after 20 epochs, in a second.

    With the mean over m n_N entries a large eta is right: 20 over 8 x 10 entries is 0.25 for the sum.
    """

    sizes: tuple[int, ...] = (64, 32, 10)
    activation: str = "sigmoid"
    reduction: str = "mean"
    eta: float = 20.0
    batch: int = 8
    epochs: int = 20
    seed: int = 0
    initialiser: str = "xavier_uniform"
    optimiser: str = "sgd"


@dataclass(frozen=True, slots=True)
class TrainingStep:
    """One step of gradient descent.

    `arrays` holds x, w1 .. wN and target as the step found them, `grads` the gradient of `loss` by each of them, and
    `params` the weights after the step.
    """

    number: int
    total: int
    epoch: int
    network: Network
    arrays: Mapping[str, np.ndarray]
    loss: float
    grads: Mapping[str, np.ndarray]
    params: Params


@dataclass(frozen=True, slots=True)
class Epoch:
    """`loss` is the mean over the epoch's steps, weighted by their rows; `accuracy` is on the examples held back."""

    number: int
    loss: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Trained:
    params: Params
    epochs: tuple[Epoch, ...]


def train(
    data: Dataset,
    settings: Settings = Settings(),
    *,
    on_step: Callable[[TrainingStep], object] = lambda step: None,
    on_epoch: Callable[[Epoch], object] = lambda epoch: None,
    rules: Mapping[str, Rule] = RULES,
) -> Trained:
    """Learn from data.train. `on_step` sees every step and `on_epoch` every epoch; neither can change the course.

    Raises TrainingError for settings that do not fit, and when the loss or a weight is no longer finite.
    """
    epochs = []
    for number, group in groupby(steps(data, settings, rules), key=lambda step: step.epoch):
        losses = []
        for step in group:
            on_step(step)
            losses.append(step.loss * len(step.arrays["x"]))
        score = accuracy(step.params, data.test, settings.activation)
        epochs.append(Epoch(number, sum(losses) / len(data.train), score))
        on_epoch(epochs[-1])
    return Trained(step.params, tuple(epochs))


def steps(data: Dataset, settings: Settings, rules: Mapping[str, Rule] = RULES) -> Iterator[TrainingStep]:
    """Every step in turn, computed as it is asked for. Raises TrainingError as `train` does, for settings at once."""
    _check(data, settings)
    return _steps(data.train, settings, rules)


def landmark(step: TrainingStep) -> str | None:
    """'start', 'middle' or 'end' for the steps there, the places to verify gradients at; None for all others."""
    return {step.total: "end", (step.total + 1) // 2: "middle", 1: "start"}.get(step.number)


def initial(settings: Settings, dtype: np.dtype) -> dict[str, np.ndarray]:
    """The weights w1 .. wN [n_{L-1}, n_L] that learning starts from, the same for the same seed."""
    rng, sizes = np.random.default_rng(settings.seed), settings.sizes
    draw = INITIALISERS[settings.initialiser]
    return {f"w{L}": draw(rng, (sizes[L - 1], sizes[L]), dtype) for L in range(1, len(sizes))}


def outputs(params: Params, x: np.ndarray, activation: str = "sigmoid") -> np.ndarray:
    """B^(N) [rows, n_N] for the inputs x [rows, n_0]."""
    sizes = (len(params["w1"]), *(w.shape[1] for w in params.values()))
    whole = as_network(sizes, len(x), activation)
    # all but the loss: nothing to compare with
    arrays = {name: spec for name, spec in whole.arrays.items() if name != "target"}
    body = Network(arrays, whole.nodes[:-1], whole.nodes[-2].name)
    with np.errstate(over="ignore", invalid="ignore"):
        return forward(body, {"x": x, **params}).values[body.output]


def predict(params: Params, x: np.ndarray, activation: str = "sigmoid") -> np.ndarray:
    """The class of each row, [rows]: the neuron with the largest output."""
    classes: np.ndarray = outputs(params, x, activation).argmax(axis=1)
    return classes


def accuracy(params: Params, examples: Examples, activation: str = "sigmoid") -> float:
    """The share of the examples that are predicted right, between 0 and 1."""
    return float((predict(params, examples.x, activation) == examples.labels).mean())


def _steps(examples: Examples, settings: Settings, rules: Mapping[str, Rule]) -> Iterator[TrainingStep]:
    params = initial(settings, examples.x.dtype)
    optimiser = OPTIMISERS[settings.optimiser]
    state, y, dy = optimiser.init(params), examples.y, np.ones((), examples.x.dtype)
    network_of = cache(lambda rows: as_network(settings.sizes, rows, settings.activation, settings.reduction))
    total = settings.epochs * math.ceil(len(examples) / settings.batch)
    for number, (epoch, rows) in enumerate(_batches(len(examples), settings), start=1):
        network = network_of(len(rows))
        arrays = {"x": examples.x[rows], **params, "target": y[rows]}
        with np.errstate(over="ignore", invalid="ignore"):
            loss, grads = value_and_grad(network, arrays, dy, rules)
            params, state = optimiser.step(params, grads, state, lr=settings.eta)
        _check_finite(number, loss, params, settings.eta)
        yield TrainingStep(number, total, epoch, network, arrays, float(loss), grads, params)


def _batches(rows: int, settings: Settings) -> Iterator[tuple[int, np.ndarray]]:
    """(epoch, row numbers): each epoch visits every row once in a new order; its last batch may be short."""
    # a stream of its own, so that another initialiser or size does not change the order
    rng = np.random.default_rng((settings.seed, 1))
    for epoch in range(1, settings.epochs + 1):
        order = rng.permutation(rows)
        for first in range(0, rows, settings.batch):
            yield epoch, order[first : first + settings.batch]


def _check(data: Dataset, settings: Settings) -> None:
    for part in (data.train, data.test):
        wanted = (part.x.shape[1], part.classes)
        if len(settings.sizes) < 2 or (settings.sizes[0], settings.sizes[-1]) != wanted:
            raise TrainingError(
                f"the sizes begin with the features and end with the classes of the data, {wanted[0]} and {wanted[1]};"
                f" got {settings.sizes}"
            )
        if not np.issubdtype(part.x.dtype, np.floating):
            raise TrainingError(f"x must be floating point to learn from, got {part.x.dtype}: x.astype(np.float64)")
    _check_choices(settings)
    _check_numbers(settings)


def _check_choices(settings: Settings) -> None:
    if settings.initialiser not in INITIALISERS:
        raise TrainingError(f"initialiser is one of {', '.join(INITIALISERS)}; got {settings.initialiser!r}")
    if settings.optimiser not in OPTIMISERS:
        raise TrainingError(f"optimiser is one of {', '.join(OPTIMISERS)}; got {settings.optimiser!r}")
    try:
        as_network(settings.sizes, 1, settings.activation, settings.reduction)
    except ValueError as error:
        raise TrainingError(str(error)) from error


def _check_numbers(settings: Settings) -> None:
    if not (math.isfinite(settings.eta) and settings.eta > 0):
        raise TrainingError(f"eta is a finite number above 0, got {settings.eta}")
    for name in ("batch", "epochs"):
        if getattr(settings, name) < 1:
            raise TrainingError(f"{name} is 1 or more, got {getattr(settings, name)}")
    if settings.seed < 0:
        raise TrainingError(f"seed is 0 or more, got {settings.seed}")


def _check_finite(number: int, loss: np.ndarray, params: Params, eta: float) -> None:
    if not (np.isfinite(loss) and all(np.isfinite(w).all() for w in params.values())):
        raise TrainingError(f"after step {number} the loss ({loss}) or a weight is not finite; try an eta below {eta}")
