"""A stream of records becomes counts, totals, histograms and the few records that a reader is shown."""
