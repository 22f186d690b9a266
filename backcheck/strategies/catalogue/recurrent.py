"""What can be drawn of the recurrent rules and their cells."""

from collections.abc import Callable, Mapping

from backcheck.strategies.catalogue.row import Binding, Config, Row, Shape

LAYERS = {"num_layers": (1, 2), "bidirectional": (False, True), "bias": (True, False)}
RNN = {"nonlinearity": ("tanh", "relu")}
HIDDEN = (2, 1, 3)


def _ways(config: Config) -> int:
    return config["num_layers"] * (1 + config["bidirectional"])


def _each(config: Config) -> int:
    """How many weights a layer has in one direction."""
    return 4 if config["bias"] else 2


def _states(bound: Binding, config: Config) -> tuple[Shape, ...]:
    return tuple((_ways(config), bound["batch"], hidden) for hidden in (*HIDDEN, bound["inputs"]))


def _weight(gates: int) -> Callable[[Binding, Config], tuple[Shape, ...]]:
    """PyTorch's flat weights: w_ih, w_hh, b_ih, b_hh of each layer and direction."""

    def shapes(bound: Binding, config: Config) -> tuple[Shape, ...]:
        way, which = divmod(bound["weights"] - 1, _each(config))
        directions, hidden = 1 + config["bidirectional"], bound["hidden"]
        below = bound["inputs"] if way < directions else directions * hidden
        rows = gates * hidden
        return (((rows, below), (rows, hidden), (rows,), (rows,))[which],)

    return shapes


def _over_steps(gates: int, more: Mapping[str, tuple] | None = None) -> Row:
    return Row(
        {**LAYERS, **(more or {})},
        shapes={"h0": _states, "weights": _weight(gates)},
        count=lambda bound, config: _ways(config) * _each(config),
        weight=2,
    )


def _cell(gates: int, more: Mapping[str, tuple] | None = None) -> Row:
    return Row(
        more or {},
        shapes={
            "h": lambda bound, config: tuple((bound["batch"], hidden) for hidden in (*HIDDEN, bound["inputs"])),
            "w_ih": lambda bound, config: ((gates * bound["hidden"], bound["inputs"]),),
        },
        plain={"b_ih": "zeros", "b_hh": "zeros"},
    )


ROWS: Mapping[str, Row] = {
    "rnn": _over_steps(1, RNN),
    "lstm": _over_steps(4),
    "gru": _over_steps(3),
    "rnn_cell": _cell(1, RNN),
    "lstm_cell": _cell(4),
    "gru_cell": _cell(3),
}
