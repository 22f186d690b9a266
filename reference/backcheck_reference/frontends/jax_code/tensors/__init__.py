"""JAX's primitives on PyTorch's tensors."""
