"""What did a modification do to the gradients? Another revision beside the working tree, and recorded baselines."""
