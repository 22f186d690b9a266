"""Scripts behind the figures in the documents; README.md beside this file lists them."""
