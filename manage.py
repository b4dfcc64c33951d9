#!/usr/bin/env python
"""Run the back office's commands."""

import os
import sys


def main() -> None:
    """Run one management command with the back office's settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
    # Django needs the settings module before it can be imported.
    from backoffice.management.command_line import CommandLine  # noqa: PLC0415

    CommandLine(sys.argv).execute()


if __name__ == "__main__":
    main()
