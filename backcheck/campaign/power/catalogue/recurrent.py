"""Faults in recurrent rules."""

from backcheck.campaign.power.fault import COMMON, RARE
from backcheck.campaign.power.rows import fault

SCAN, LSTM, GRU, RNN = (f"rules.recurrent.{name}" for name in ("scan", "lstm_cell", "gru_cell", "rnn_cell"))
STEPS = "two steps"
INPUTS = " ".join(("x", "h0", *(f"weights{number}" for number in range(1, 17))))
LSTM_INPUTS, LSTM_CELL = f"{INPUTS} c0", "x h c w_ih w_hh b_ih b_hh"
GATES = "[da_i, da_f, da_g, da_o]"
CELL_BIASES = "x h w_ih w_hh b_ih b_hh"
FAULTS = (
    fault("lstm", "truncated in time", "time", "dstate = (dh + matmul(dq, w_hh), *others)",
          "dstate = (0 * dh, *others)", LSTM_INPUTS, module=SCAN, common=COMMON, needs=STEPS,
          seen="ooples/AiDotNet pull request 722: the hidden state's gradient is zeroed"),
    fault("lstm", "the cell is not carried back", "carry", "zeros_like(dh), dc * f", "zeros_like(dh), 0 * dc",
          LSTM_INPUTS, module=LSTM, common=COMMON, needs="two steps, or a look at the initial cell"),
    fault("lstm", "the last cell sends nothing back", "state", "scan.backward(CELL, saved, dy)",
          "scan.backward(CELL, saved, (dy[0], dy[1], 0 * dy[2]))", LSTM_INPUTS, common=COMMON,
          needs="a last cell that is read", seen="deeplearning4j/deeplearning4j issue 8838"),
    fault("lstm", "the input and the forget gate exchanged", "gate", GATES, "[da_f, da_i, da_g, da_o]",
          LSTM_INPUTS, module=LSTM, common=COMMON),
    fault("lstm_cell", "the cell's way through h left out", "carry", "dc = dc + dh * o * (1 - t * t)",
          "dc = dc + 0 * dh",
          LSTM_CELL, common=COMMON, needs="an h that is read"),
    fault("lstm_cell", "the candidate's slope that of the sigmoid", "slope", "dc * i * (1 - g * g)",
          "dc * i * g * (1 - g)",
          LSTM_CELL, module=LSTM),
    fault("lstm_cell", "the order of the gates", "gate", GATES, "[da_i, da_f, da_o, da_g]", LSTM_CELL, common=COMMON,
          seen="another order than PyTorch's: i, f, o, g"),
    fault("rnn", "the initial state has no gradient", "state", "return matmul(dp, w_ih).reshape(x.shape), dstate,",
          "return matmul(dp, w_ih).reshape(x.shape), tuple(0 * each for each in dstate),", "h0", module=SCAN,
          common=COMMON),
    fault("rnn", "the state after each step for that before it", "time", "for state in states[:-1]]",
          "for state in states[1:]]", " ".join(f"weights{number}" for number in range(2, 17, 2)), module=SCAN,
          common=COMMON,
          seen="VikParuchuri/zero_to_gpt issue 9"),
    fault("rnn", "the last output alone", "time", "dh + dy[t], *others)",
          "dh + (dy[t] if t == len(x) - 1 else 0 * dy[t]), *others)",
          INPUTS, module=SCAN, common=COMMON, needs=STEPS, seen="AlexeyAB/darknet issue 7107"),
    fault("gru", "the other direction not turned back", "time", "dxs.append(_turned(d, at - first))", "dxs.append(d)",
          INPUTS, module=SCAN, common=COMMON, needs="both directions and two steps"),
    fault("gru", "one direction's share of dx", "fan-out", "dx = sum(dxs[1:], dxs[0])", "dx = dxs[0].copy()",
          INPUTS, module=SCAN, common=COMMON, needs="both directions", seen="apache/mxnet pull request 18203"),
    fault("gru", "truncated in time", "time", "dstate = (dh + matmul(dq, w_hh), *others)",
          "dstate = (dh, *others)", INPUTS, module=SCAN, needs=STEPS),
    fault("gru_cell", "the reset gate left out", "gate", "dp_n * r], axis=-1), dh * z", "dp_n], axis=-1), dh * z",
          CELL_BIASES, common=COMMON),
    fault("gru_cell", "the way straight on left out", "carry", "axis=-1), dh * z", "axis=-1), 0 * dh", "h",
          common=COMMON),
    fault("gru_cell", "the update gate's sign", "sign", "dh * (h - n) * z", "dh * (n - h) * z", CELL_BIASES),
    fault("rnn_cell", "the slope at the value", "slope", "1 - new * new", "1 - np.tanh(new) * np.tanh(new)",
          CELL_BIASES, common=COMMON, needs="nonlinearity tanh"),
    fault("rnn_cell", "relu's mask left out", "mask", "da = zero_unless(new > 0, dh)", "da = dh.copy()", CELL_BIASES,
          needs="nonlinearity relu and a negative sum"),
    fault("rnn_cell", "the weights of the input for those of the state", "gate", "dh + matmul(dq, w_hh), *dstate",
          "dh + matmul(dq, w_ih if w_ih.shape == w_hh.shape else w_hh), *dstate", "h", module="rules.recurrent.cell",
          common=RARE, needs="as many inputs as states"),
)  # fmt: skip
