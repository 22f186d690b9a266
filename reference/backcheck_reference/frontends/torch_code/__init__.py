"""PyTorch callables as pairs that run on exact numbers, operation by operation."""
