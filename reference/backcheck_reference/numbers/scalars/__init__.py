"""The one table of scalar functions: what each is, how it moves, and by which names code asks for it."""
