"""`python -m backcheck`."""

import os
import sys

import backcheck

# With -m, Python looks for every module in the current folder first. There may lie anything, a downloaded run for
# instance, and only a subject that is named is to be imported. A checkout of backcheck itself needs the folder.
if sys.path and sys.path[0] == os.getcwd() != os.path.dirname(os.path.dirname(os.path.abspath(backcheck.__file__))):
    del sys.path[0]

from backcheck.commands.cli import main

if __name__ == "__main__":
    main()
