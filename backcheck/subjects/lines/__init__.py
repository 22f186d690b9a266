"""The lines of somebody's code: which belong to what is judged, which a run has reached, and which it has not."""
