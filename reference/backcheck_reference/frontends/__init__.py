"""How code reaches the number systems: NumPy code, PyTorch code below autograd, and JAX code as jaxprs."""
