"""From a stream of records to counts, totals and the few records that a reader is shown."""
