"""What the tests of this folder share: the command line, run in this process."""

import sys

import pytest

from backcheck.commands import cli


@pytest.fixture
def command(monkeypatch, capsys):
    """Run the command line in this process: (exit code, what it printed, what it complained of)."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["backcheck", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        return ended.value.code, printed.out, printed.err

    return run
