"""A run in other formats (JSON, Markdown, JUnit, CSV, Parquet), and two runs on one page."""
