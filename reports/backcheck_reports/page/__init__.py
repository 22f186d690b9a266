"""The page of a run: the text of each section, and the templates that print it."""
