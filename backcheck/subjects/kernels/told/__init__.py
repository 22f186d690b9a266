"""What is said of a kernel: the check, its words, the faults, a script."""
