"""Second order: Hessian-vector products of every party, and how far rounding can push them."""
