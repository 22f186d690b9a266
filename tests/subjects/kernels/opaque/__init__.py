"""Kernels that nobody can look into: Triton, C++, numba, Pallas, torch.compile. Each module needs its package."""
