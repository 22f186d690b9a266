"""Many drawn cases of a user's code: `verify_rule` and `verify_like`."""
