"""Objects with state that a user hands in: their parameters, their gradients, and how they behave call after call."""
