"""What can be fuzzed, brought to one form, and how its cases are drawn: shapes, options, objects, arrays."""
