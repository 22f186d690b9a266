"""Backpropagation written by hand in NumPy: the code under test, which nobody has to believe yet."""
