"""Recurrent rules over whole sequences, and their cells."""

from collections.abc import Mapping

from scratch_bp.rules.recurrent import gru, gru_cell, lstm, lstm_cell, rnn, rnn_cell
from scratch_bp.rules.rule import Rule

RULES: Mapping[str, Rule] = {
    "rnn": Rule(rnn.forward, rnn.backward),
    "lstm": Rule(lstm.forward, lstm.backward),
    "gru": Rule(gru.forward, gru.backward),
    "rnn_cell": Rule(rnn_cell.forward, rnn_cell.backward),
    "lstm_cell": Rule(lstm_cell.forward, lstm_cell.backward),
    "gru_cell": Rule(gru_cell.forward, gru_cell.backward),
}
