"""What PyTorch and JAX do at kinks, where they part from each other or from the truth, and the precision they keep."""
