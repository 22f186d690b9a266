"""Mirrors of the recurrent rules: torch's functions on flat weights, and in JAX `lax.scan` over the steps."""

from collections.abc import Mapping

from backcheck_reference.frameworks.mirrors.mirror import Mirror
from backcheck_reference.lazy import jax, jnp, torch


def _gates(x, h, w_ih, w_hh, b_ih=None, b_hh=None):
    """The input's and the hidden state's part of what every gate adds up."""
    parts = [jnp.einsum("ni,gi->ng", x, w_ih), jnp.einsum("nh,gh->ng", h, w_hh)]
    return [part if b is None else part + b for part, b in zip(parts, (b_ih, b_hh), strict=True)]


def _rnn_step(nonlinearity):
    function = {"tanh": jnp.tanh, "relu": jax.nn.relu}[nonlinearity]
    return lambda x, state, *weights: (function(sum(_gates(x, *state, *weights))),)


def _lstm_step(x, state, *weights):
    h, c = state
    i, f, g, o = jnp.split(sum(_gates(x, h, *weights)), 4, axis=-1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


def _gru_step(x, state, *weights):
    (h,) = state
    (xr, xz, xn), (hr, hz, hn) = (jnp.split(part, 3, axis=-1) for part in _gates(x, h, *weights))
    z = jax.nn.sigmoid(xz + hz)
    return ((1 - z) * jnp.tanh(xn + jax.nn.sigmoid(xr + hr) * hn) + z * h,)


def _over_steps(step, x, initial, weights, num_layers, bidirectional, bias):
    directions, each = 1 + bidirectional, 4 if bias else 2
    finals = []
    for layer in range(num_layers):
        outs = []
        for direction in range(directions):
            at = layer * directions + direction
            own = weights[each * at : each * at + each]

            def one(state, row, own=own):
                state = step(row, state, *own)
                return state, state[0]

            final, out = jax.lax.scan(one, tuple(state[at] for state in initial), x, reverse=direction == 1)
            finals.append(final)
            outs.append(out)
        x = jnp.concatenate(outs, axis=-1)
    return (x, *map(jnp.stack, zip(*finals, strict=True)))


def _torch_rnn(x, h0, *weights, num_layers=1, nonlinearity="tanh", bidirectional=False, bias=True):
    function = {"tanh": torch._VF.rnn_tanh, "relu": torch._VF.rnn_relu}[nonlinearity]
    return function(x, h0, weights, bias, num_layers, 0.0, True, bidirectional, False)


def _torch_lstm(x, h0, c0, *weights, num_layers=1, bidirectional=False, bias=True):
    return torch._VF.lstm(x, (h0, c0), weights, bias, num_layers, 0.0, True, bidirectional, False)


def _torch_gru(x, h0, *weights, num_layers=1, bidirectional=False, bias=True):
    return torch._VF.gru(x, h0, weights, bias, num_layers, 0.0, True, bidirectional, False)


def _torch_rnn_cell(x, h, w_ih, w_hh, b_ih=None, b_hh=None, *, nonlinearity="tanh"):
    function = {"tanh": torch.rnn_tanh_cell, "relu": torch.rnn_relu_cell}[nonlinearity]
    return function(x, h, w_ih, w_hh, b_ih, b_hh)


def _jax_rnn(x, h0, *weights, num_layers=1, nonlinearity="tanh", bidirectional=False, bias=True):
    return _over_steps(_rnn_step(nonlinearity), x, (h0,), weights, num_layers, bidirectional, bias)


def _jax_lstm(x, h0, c0, *weights, num_layers=1, bidirectional=False, bias=True):
    return _over_steps(_lstm_step, x, (h0, c0), weights, num_layers, bidirectional, bias)


def _jax_gru(x, h0, *weights, num_layers=1, bidirectional=False, bias=True):
    return _over_steps(_gru_step, x, (h0,), weights, num_layers, bidirectional, bias)


def _jax_rnn_cell(x, h, w_ih, w_hh, b_ih=None, b_hh=None, *, nonlinearity="tanh"):
    return _rnn_step(nonlinearity)(x, (h,), w_ih, w_hh, b_ih, b_hh)[0]


MIRRORS: Mapping[str, Mirror] = {
    "rnn": Mirror(torch=_torch_rnn, jax=_jax_rnn),
    "lstm": Mirror(torch=_torch_lstm, jax=_jax_lstm),
    "gru": Mirror(torch=_torch_gru, jax=_jax_gru),
    "rnn_cell": Mirror(torch=_torch_rnn_cell, jax=_jax_rnn_cell),
    "lstm_cell": Mirror(
        torch=lambda x, h, c, w_ih, w_hh, b_ih=None, b_hh=None: torch.lstm_cell(x, (h, c), w_ih, w_hh, b_ih, b_hh),
        jax=lambda x, h, c, w_ih, w_hh, b_ih=None, b_hh=None: _lstm_step(x, (h, c), w_ih, w_hh, b_ih, b_hh),
    ),
    "gru_cell": Mirror(
        torch=lambda x, h, w_ih, w_hh, b_ih=None, b_hh=None: torch.gru_cell(x, h, w_ih, w_hh, b_ih, b_hh),
        jax=lambda x, h, w_ih, w_hh, b_ih=None, b_hh=None: _gru_step(x, (h,), w_ih, w_hh, b_ih, b_hh)[0],
    ),
}
