#!/usr/bin/env python
"""Run the back office's commands."""

import os
import sys

# These serve this machine alone, from books of their own, and begin on a bare clone;
# help serves nobody.
TRIES = {"demo", "api_sandbox", "codat_sandbox"}
HELP = {"help", "--help", "-h"}


def main(arguments: list[str]) -> None:
    """Run one management command with the back office's settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
    if TRIES & {*arguments[1:2]} or HELP & {*arguments} or not arguments[1:]:
        os.environ["DJANGO_DEBUG"] = "true"
    # Django needs the settings module before it can be imported.
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415

    from backoffice.management.command_line import CommandLine  # noqa: PLC0415

    try:
        CommandLine(arguments).execute()
    except ImproperlyConfigured as exc:
        # Whoever starts it reads what to set, and not where we found that out.
        sys.exit(str(exc))


if __name__ == "__main__":
    main(sys.argv)
