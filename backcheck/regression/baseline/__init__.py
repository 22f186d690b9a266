"""A recorded baseline: how far each gradient agreed, in a text file that is kept and reviewed with the code."""
