"""What can be drawn of the recurrent rules and their cells."""

from collections.abc import Mapping

from backcheck.strategies.arrays import Shape
from backcheck.strategies.catalogue.kink import Kink
from backcheck.strategies.catalogue.row import ZEROS, Array, Binding, Choices, Config, Row

LAYERS = {"num_layers": (1, 2), "bidirectional": (False, True), "bias": (True, False)}
RNN = {"nonlinearity": ("tanh", "relu")}
HIDDEN = (2, 1, 3)


def _ways(config: Config) -> int:
    return int(config["num_layers"] * (1 + config["bidirectional"]))


def _each(config: Config) -> int:
    """How many weights a layer has in one direction."""
    return 4 if config["bias"] else 2


def _states(bound: Binding, config: Config) -> tuple[Shape, ...]:
    return tuple((_ways(config), bound["batch"], hidden) for hidden in (*HIDDEN, bound["inputs"]))


def _weights(gates: int) -> Array:
    """PyTorch's flat weights: w_ih, w_hh, b_ih, b_hh of each layer and direction."""

    def shapes(bound: Binding, config: Config) -> tuple[Shape, ...]:
        way, which = divmod(bound["weights"] - 1, _each(config))
        directions, hidden = 1 + config["bidirectional"], bound["hidden"]
        below = bound["inputs"] if way < directions else directions * hidden
        rows = gates * hidden
        return (((rows, below), (rows, hidden), (rows,), (rows,))[which],)

    return Array(shapes=shapes, count=lambda bound, config: _ways(config) * _each(config))


def _over_steps(gates: int, more: Mapping[str, Choices] | None = None) -> Row:
    return Row({**LAYERS, **(more or {})}, arrays={"h0": Array(shapes=_states), "weights": _weights(gates)}, weight=2)


def _cell(gates: int, more: Mapping[str, Choices] | None = None, kinks: tuple[Kink, ...] = ()) -> Row:
    def states(bound: Binding, config: Config) -> tuple[Shape, ...]:
        return tuple((bound["batch"], hidden) for hidden in (*HIDDEN, bound["inputs"]))

    def weights(bound: Binding, config: Config) -> tuple[Shape, ...]:
        return ((gates * bound["hidden"], bound["inputs"]),)

    arrays = {"h": Array(shapes=states), "w_ih": Array(shapes=weights), "b_ih": ZEROS, "b_hh": ZEROS}
    return Row(more or {}, arrays=arrays, kinks=kinks)


CELL_RELU_AT_ZERO = Kink(
    "relu at 0",
    ([[0.0]], [[0.0]], [[1.0]], [[1.0]]),
    (0,),
    "all pass the cotangent where the new state is above 0 only",
    {"nonlinearity": "relu"},
)

ROWS: Mapping[str, Row] = {
    "rnn": _over_steps(1, RNN),
    "lstm": _over_steps(4),
    "gru": _over_steps(3),
    "rnn_cell": _cell(1, RNN, (CELL_RELU_AT_ZERO,)),
    "lstm_cell": _cell(4),
    "gru_cell": _cell(3),
}
