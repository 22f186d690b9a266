"""The number systems: exact numbers, balls whose radius collects rounding, and dual numbers."""
