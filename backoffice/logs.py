"""What the logs say, and how."""

from typing import Any


def logging_settings(level: str) -> dict[str, Any]:
    """Return Django's LOGGING: everything to one stream, numbered and redacted."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "format": "{asctime} {levelname} {name} {request_id}: {message}",
                "style": "{",
            }
        },
        "filters": {
            "request_id": {"()": "lending.audit.origin.WithRequestId"},
            "redacts": {"()": "backoffice.log_redaction.Redacts"},
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "filters": ["request_id", "redacts"],
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
