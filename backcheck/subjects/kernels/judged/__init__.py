"""The truth of each tensor, what a precision model allows, and the verdict."""
