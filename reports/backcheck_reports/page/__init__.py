"""The page: what its templates print, and the templates."""
