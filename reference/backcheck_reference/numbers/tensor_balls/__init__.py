"""Balls at full size: a tensor of middles and a tensor of radii, both float64, and PyTorch's own operators on each."""
