"""What `check` does one after the other: each pass reads what those before it found, and adds or changes verdicts."""
