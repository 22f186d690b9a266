"""Mirrors of the recurrent rules: PyTorch's functions on flat weights, and in JAX `lax.scan` over the steps."""

from collections.abc import Callable, Mapping

from backcheck_reference.frameworks.mirrors.mirror import Array, Mirror
from backcheck_reference.lazy import jax, jnp, torch

State = tuple[Array, ...]
Step = Callable[..., State]  # (x, state, *weights) -> the next state, the output first


def _gates(
    x: Array, h: Array, w_ih: Array, w_hh: Array, b_ih: Array | None = None, b_hh: Array | None = None
) -> list[Array]:
    """The input's and the hidden state's part of what every gate adds up."""
    parts = [jnp.einsum("ni,gi->ng", x, w_ih), jnp.einsum("nh,gh->ng", h, w_hh)]
    return [part if b is None else part + b for part, b in zip(parts, (b_ih, b_hh), strict=True)]


def _rnn_step(nonlinearity: str) -> Step:
    function = {"tanh": jnp.tanh, "relu": jax.nn.relu}[nonlinearity]
    return lambda x, state, *weights: (function(sum(_gates(x, *state, *weights))),)


def _lstm_step(x: Array, state: State, *weights: Array) -> State:
    h, c = state
    i, f, g, o = jnp.split(sum(_gates(x, h, *weights)), 4, axis=-1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


def _gru_step(x: Array, state: State, *weights: Array) -> State:
    (h,) = state
    (xr, xz, xn), (hr, hz, hn) = (jnp.split(part, 3, axis=-1) for part in _gates(x, h, *weights))
    z = jax.nn.sigmoid(xz + hz)
    return ((1 - z) * jnp.tanh(xn + jax.nn.sigmoid(xr + hr) * hn) + z * h,)


def _over_steps(
    step: Step, x: Array, initial: State, weights: State, num_layers: int, bidirectional: bool, bias: bool
) -> State:
    directions, each = 1 + bidirectional, 4 if bias else 2
    finals = []
    for layer in range(num_layers):
        outs = []
        for direction in range(directions):
            at = layer * directions + direction
            own = weights[each * at : each * at + each]

            def one(state: State, row: Array, own: State = own) -> tuple[State, Array]:
                state = step(row, state, *own)
                return state, state[0]

            final, out = jax.lax.scan(one, tuple(state[at] for state in initial), x, reverse=direction == 1)
            finals.append(final)
            outs.append(out)
        x = jnp.concatenate(outs, axis=-1)
    return (x, *map(jnp.stack, zip(*finals, strict=True)))


MIRRORS: Mapping[str, Mirror] = {
    # the functions behind torch.nn.RNN and its like. After the layers: dropout, training, bidirectional, batch_first
    "rnn": Mirror(
        torch=lambda x, h0, *weights, num_layers=1, nonlinearity="tanh", bidirectional=False, bias=True: getattr(
            torch._VF, f"rnn_{nonlinearity}"
        )(x, h0, weights, bias, num_layers, 0.0, True, bidirectional, False),
        jax=lambda x, h0, *weights, num_layers=1, nonlinearity="tanh", bidirectional=False, bias=True: _over_steps(
            _rnn_step(nonlinearity), x, (h0,), weights, num_layers, bidirectional, bias
        ),
    ),
    "lstm": Mirror(
        torch=lambda x, h0, c0, *weights, num_layers=1, bidirectional=False, bias=True: torch._VF.lstm(
            x, (h0, c0), weights, bias, num_layers, 0.0, True, bidirectional, False
        ),
        jax=lambda x, h0, c0, *weights, num_layers=1, bidirectional=False, bias=True: _over_steps(
            _lstm_step, x, (h0, c0), weights, num_layers, bidirectional, bias
        ),
    ),
    "gru": Mirror(
        torch=lambda x, h0, *weights, num_layers=1, bidirectional=False, bias=True: torch._VF.gru(
            x, h0, weights, bias, num_layers, 0.0, True, bidirectional, False
        ),
        jax=lambda x, h0, *weights, num_layers=1, bidirectional=False, bias=True: _over_steps(
            _gru_step, x, (h0,), weights, num_layers, bidirectional, bias
        ),
    ),
    "rnn_cell": Mirror(
        torch=lambda x, h, w_ih, w_hh, b_ih=None, b_hh=None, *, nonlinearity="tanh": getattr(
            torch, f"rnn_{nonlinearity}_cell"
        )(x, h, w_ih, w_hh, b_ih, b_hh),
        jax=lambda x, h, w_ih, w_hh, b_ih=None, b_hh=None, *, nonlinearity="tanh": _rnn_step(nonlinearity)(
            x, (h,), w_ih, w_hh, b_ih, b_hh
        )[0],
    ),
    "lstm_cell": Mirror(
        torch=lambda x, h, c, w_ih, w_hh, b_ih=None, b_hh=None: torch.lstm_cell(x, (h, c), w_ih, w_hh, b_ih, b_hh),
        jax=lambda x, h, c, w_ih, w_hh, b_ih=None, b_hh=None: _lstm_step(x, (h, c), w_ih, w_hh, b_ih, b_hh),
    ),
    "gru_cell": Mirror(
        torch=lambda x, h, w_ih, w_hh, b_ih=None, b_hh=None: torch.gru_cell(x, h, w_ih, w_hh, b_ih, b_hh),
        jax=lambda x, h, w_ih, w_hh, b_ih=None, b_hh=None: _gru_step(x, (h,), w_ih, w_hh, b_ih, b_hh)[0],
    ),
}
