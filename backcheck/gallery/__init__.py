"""What PyTorch and JAX do at kinks, and where they differ from each other or from the truth."""
