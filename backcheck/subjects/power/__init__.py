"""How much an agreement is worth: somebody's own backward is broken on purpose, and fuzzed as it was."""
