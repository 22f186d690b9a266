"""Your own code as the subject."""
