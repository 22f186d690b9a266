"""From a problem to a verdict on every tensor: the parties are asked, the truth is found, the errors are measured."""
