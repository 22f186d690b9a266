"""What a check of a user's code comes to: verdicts, what a wrong gradient may be meant as, and the text of it."""
