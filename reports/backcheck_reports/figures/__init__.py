"""The figures as coordinates and text; the templates draw them."""
