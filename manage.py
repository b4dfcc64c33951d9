#!/usr/bin/env python
"""Run the back office's commands."""

import os
import sys


def main() -> None:
    """Run one management command with the back office's settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
    # Django needs the settings module before it can be imported.
    from django.core.management import execute_from_command_line  # noqa: PLC0415

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
