"""`python -m backcheck`."""

from backcheck.commands.cli import main

if __name__ == "__main__":
    main()
