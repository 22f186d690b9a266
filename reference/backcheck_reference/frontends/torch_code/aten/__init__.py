"""PyTorch's operators on exact numbers, by what they do."""
