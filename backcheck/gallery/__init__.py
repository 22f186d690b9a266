"""What PyTorch and JAX do at kinks, and where they part from each other or from the truth."""
