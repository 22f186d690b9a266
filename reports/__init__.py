"""What the harness found, kept and shown: the record format, its storage, the summary and the page."""
