"""What the logs say, and how: JSON lines in production, plain ones to a developer."""

import json
import logging
from datetime import UTC, datetime
from typing import Any


def logging_settings(level: str, *, as_json: bool) -> dict[str, Any]:
    """Return Django's LOGGING: everything to one stream, numbered and redacted."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "format": "{asctime} {levelname} {name} {request_id}: {message}",
                "style": "{",
            },
            "json": {"()": "backoffice.logs.JsonLines"},
        },
        "filters": {
            "origin": {"()": "lending.audit.origin.WithOrigin"},
            "redacts": {"()": "backoffice.log_redaction.Redacts"},
            "one_line": {"()": "backoffice.logs.OneLine"},
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "json" if as_json else "line",
                "filters": ["origin", "one_line", "redacts"],
            }
        },
        "loggers": {
            # One line for each nudge is noise; its warnings are not.
            "django-q": {"level": "WARNING"},
            "axes": {"level": "ERROR"},
            # Django's own handlers redact nothing; what it says goes to ours.
            "django": {"handlers": [], "level": "INFO"},
            "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        },
        "root": {"handlers": ["console"], "level": level},
    }


class OneLine(logging.Filter):
    """Leaves out the traceback of what somebody sent that no page of ours sends.

    Django logs such a request with one, as it does its own mistakes; anybody could
    fill the log with them.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the line alone."""
        if record.name.startswith("django.security."):
            record.exc_info = record.exc_text = None
        return True


class JsonLines(logging.Formatter):
    """Writes a line as one JSON object of these fields and no others.

    A package for it would add whatever hangs on a line, such as the request, and format
    a traceback anew, past what the filter has taken out of it.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; what it says cannot break out of it."""
        at = datetime.fromtimestamp(record.created, tz=UTC)
        told = {
            "time": at.isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": getattr(record, "request_id", "-"),
            "actor": getattr(record, "actor", ""),
            "address": getattr(record, "address", ""),
            "traceback": record.exc_text or "",
        }
        return json.dumps({name: value for name, value in told.items() if value})
