"""The pytest plugin: options, a marker, a fixture, and the report at the end of a session."""
