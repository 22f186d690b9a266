"""Kernels: code that nobody can run on exact numbers, judged against a plain reference under a precision model."""
