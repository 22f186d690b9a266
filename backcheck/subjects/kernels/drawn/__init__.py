"""What kernels are fuzzed with, and the search for the smallest case that fails."""
