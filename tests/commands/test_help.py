"""--help of every command: it is quick, says something of every option, and fits a terminal of 80 columns."""

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from backcheck.commands.options import commands

HEAVY = ("numpy", "scipy", "ml_dtypes", "torch", "jax", "flint", "hypothesis", "jinja2", "rich", "jaxtyping")


def _all(group, names=()):
    yield names, group
    for name, command in getattr(group, "commands", {}).items():
        yield from _all(command, (*names, name))


COMMANDS = dict(_all(commands))


def test_help_imports_nothing_heavy():
    script = f"""
import sys
from backcheck.commands import cli
sys.argv = ["backcheck", "--help"]
try:
    cli.main()
finally:
    print("heavy:", [name for name in {HEAVY} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "Usage: backcheck [OPTIONS] COMMAND" in done.stdout
    assert done.stdout.endswith("heavy: []\n")


@pytest.mark.parametrize("names", COMMANDS, ids=lambda names: " ".join(names) or "backcheck")
def test_help_fits_a_terminal_and_says_something_of_every_option(names):
    shown = CliRunner().invoke(commands, [*names, "--help"], prog_name="backcheck", terminal_width=80)
    assert shown.exit_code == 0
    assert max(map(len, shown.output.splitlines())) <= 80
    assert "..." not in shown.output.replace("[ARGS]...", ""), "a sentence is cut off"
    options = [each for each in COMMANDS[names].params if isinstance(each, click.Option)]
    assert [each.name for each in options if not each.help] == []
