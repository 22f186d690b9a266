"""What the check is worth: faults planted on purpose, and how many networks it takes until each is found."""
