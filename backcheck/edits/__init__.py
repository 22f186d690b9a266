"""Small edits of Python source, one change each: to break code that is right, and to look for what makes it right.

An edit is text in place of text, so that formatting and comments stay. Where it may stand is found by LibCST. It knows
nothing of gradients and imports nothing of the rest of backcheck.
"""
