"""Processes that share work, each with limits of time and memory, and each of which may end at any moment."""
