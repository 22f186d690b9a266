"""What is asked of a kernel: the promise, the reference, the arrays, and what was handed in."""
