"""Records and what else a run keeps, as files: written whole or not at all, and read back."""
