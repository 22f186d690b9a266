"""The code that is repaired: its source, what a run of it shows, and the words that may be written at a line."""
