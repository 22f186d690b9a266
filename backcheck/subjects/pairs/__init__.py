"""Functions that a user hands in, each brought to one form: a pair forward and backward."""
