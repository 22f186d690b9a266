"""`python -m backcheck`."""

from backcheck.cli import main

if __name__ == "__main__":
    main()
