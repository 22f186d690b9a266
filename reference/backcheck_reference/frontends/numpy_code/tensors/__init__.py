"""NumPy on PyTorch's tensors: an array that holds one, and what its functions are there."""
