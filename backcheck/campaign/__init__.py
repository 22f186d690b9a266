"""Many cases: shards, worker processes and their deaths, what a run has covered, and the training run."""
