"""The kinks of the recurrent rules."""

from backcheck.strategies.kinks.kink import Kink

AT_ZERO = ([[0.0]], [[0.0]], [[1.0]], [[1.0]])

KINKS: tuple[Kink, ...] = (
    Kink(
        "rnn_cell", "relu at 0", AT_ZERO, (0,), (0,), (0,),
        "all pass the cotangent where the new state is above 0 only", {"nonlinearity": "relu"},
    ),
)  # fmt: skip
