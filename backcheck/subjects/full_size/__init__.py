"""A check of code whose arrays have many entries: the truth on arrays of balls, and a part of it proved exactly."""
