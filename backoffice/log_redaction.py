"""No line of a log holds what opens a customer's pages.

The address of a customer's link is as good as a password. Django names the address of
every request that it refuses, gunicorn that of every request, and a traceback what it
was about; so each handler of ours takes it out before it writes.
"""

import logging
import re
import traceback

HIDDEN = "…"
# What stands in the place of a token below /c/: whole, cut short or percent-encoded.
# The pages of a visit lie beside it and are no secret.
_LINK = re.compile(
    r"((?:^|[^\w.-]|%2f)c(?:/|%2f))(?!(?:my|return)(?:$|[^\w-]))[^/\s\"'?#&,;<>)\]}%]+",
    re.IGNORECASE,
)
# What comes back from Xero with a customer.
_VISIT = re.compile(r"(visit(?:=|%3d))[^&\s\"'#]+", re.IGNORECASE)
# A token by itself, as an error names the argument of a view.
_TOKEN = re.compile(r"(?<![\w-])[A-Za-z0-9_-]{43}(?![\w-])")


def redacted(text: str) -> str:
    """Return a text without what opens a customer's pages."""
    text = _LINK.sub(rf"\1{HIDDEN}", text)
    text = _VISIT.sub(rf"\1{HIDDEN}", text)
    return _TOKEN.sub(HIDDEN, text)


class Redacts(logging.Filter):
    """Takes it out of a line, its traceback included; for every handler there is."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the line, and let it through."""
        try:
            said = record.getMessage()
        except (TypeError, ValueError, KeyError):
            # Its arguments do not fit; its handler would show them as they are.
            said = f"{record.msg} {record.args}"
            record.msg, record.args = said, None
        shown = redacted(said)
        if shown != said:
            record.msg, record.args = shown, None
        if record.exc_info and not record.exc_text:
            record.exc_text = "".join(traceback.format_exception(*record.exc_info))
            record.exc_text = record.exc_text.rstrip("\n")
        if record.exc_text:
            record.exc_text = redacted(record.exc_text)
        if record.stack_info:
            record.stack_info = redacted(record.stack_info)
        return True
