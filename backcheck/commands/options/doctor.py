"""The options of `backcheck doctor`."""

from backcheck.commands import terminal
from backcheck.commands.options.shared import commands, json_option


@commands.command()
@json_option
def doctor(as_json: bool) -> None:
    """Say what works here, and for what does not, why."""
    from backcheck.commands.doctor import examine_all, table

    found = examine_all()
    terminal.show_json(found) if as_json else terminal.show(table(found))
