"""PyTorch autograd and JAX grad as oracles: the same rules written in both, and where each is known to be inexact."""
