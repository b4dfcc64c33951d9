"""The command line of `manage.py`; its help tells what each command of ours does."""

from django.core.management import ManagementUtility, get_commands, load_command_class

OURS = ("backoffice", "xero_sync", "lending")
COLUMN = 26


class CommandLine(ManagementUtility):
    """Django's own, with a line for each of our commands in `manage.py help`."""

    def main_help_text(self, commands_only: bool = False) -> str:  # noqa: FBT001, FBT002 - Django's signature
        """Return the list of all commands, ours with what they do."""
        text = super().main_help_text(commands_only)
        if commands_only:
            return text
        return "\n".join(_explained(line) for line in text.splitlines())


def _explained(line: str) -> str:
    """Add what a command is for to the line that names it, if it is ours."""
    name = line.strip()
    app = get_commands().get(name)
    if app not in OURS:
        return line
    purpose, end, _ = load_command_class(app, name).help.partition(". ")
    return f"{line:<{COLUMN}}{purpose}{end.strip()}"
