"""A comparison as a page and as text for a terminal."""
