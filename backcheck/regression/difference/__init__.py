"""Two versions of the code compared: tensors, findings, times, and the commit that changed them."""
