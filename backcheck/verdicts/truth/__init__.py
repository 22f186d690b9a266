"""The truth about one problem, and the tolerance: how far from the truth rounding can push an answer."""
