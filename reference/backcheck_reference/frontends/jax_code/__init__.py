"""JAX functions as pairs that run on exact numbers, primitive by primitive."""
