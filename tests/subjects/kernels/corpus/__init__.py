"""Kernels as people write them, right and wrong, and what each is meant to compute."""
