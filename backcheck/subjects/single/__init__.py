"""One check of one piece of code, whatever it was handed in as."""
