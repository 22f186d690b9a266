"""Operators that look for what makes wrong code right: each makes texts for the place of one node, with a cost.

A cost says how unlikely an edit is, from 1: what people forget or confuse is tried first. Unlike the operators of
`numeric`, these know which names there are at a line, and which shapes their values have.
"""
