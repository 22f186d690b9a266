"""A user's own code as the subject.

The way of a check: `entry` (check_vjp and the like) or `fuzz` (verify_rule, verify_like) is called. `user_code` brings
what was handed in to one form, with `pairs` for functions and `stateful` for objects. `first_call` calls it. `subject`
makes a problem for the engine of it. `result` has the verdicts and their text. `drawn` has what `fuzz` draws.
"""
