"""Recurrent rules over whole sequences, and their cells."""

from scratch_bp.rules.rule import family

RULES = family(__name__, "rnn", "lstm", "gru", "rnn_cell", "lstm_cell", "gru_cell")
