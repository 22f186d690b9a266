"""Derivatives by differences of the forward alone, and the judgement that follows from them."""
