"""A run in other forms: JSON, Markdown, JUnit, CSV and Parquet."""
