"""Pooling by averages and by the largest."""
