"""Networks of many rules: several cases side by side, and the first networks of a run, which are such."""
