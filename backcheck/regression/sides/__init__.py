"""The two versions of the code, each in a process of its own, and the cases that both are asked about."""
