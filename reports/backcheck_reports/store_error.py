"""The one error for all that is stored."""


class StoreError(ValueError):
    """Something stored cannot be read or written. The message says what came, what was expected and what to do."""
