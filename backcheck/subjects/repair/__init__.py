"""The edit that makes a wrong backward right: edits are tried where it is known what is right, and proved by draws."""
