"""The files of a run: records, cases and notes, written whole or not at all, and read back."""
