"""Days, and moments with their offset, as RFC 3339 writes them."""

import re
from datetime import MINYEAR, UTC, date, datetime

from backoffice.api.framework import patterns

DAY_RULE = "give a real date as YYYY-MM-DD."


def read_day(text: str) -> date | None:
    """Return the day, or None if the text is none."""
    if not re.fullmatch(patterns.DATE, text, re.ASCII):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def read_moment(text: str) -> datetime | None:
    """Return the moment in UTC, or None if the text is none."""
    if not re.fullmatch(patterns.MOMENT, text, re.ASCII):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return _in_utc(moment)


def _in_utc(moment: datetime) -> datetime:
    """Return a moment in UTC; beyond the calendar's ends, the end."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        earliest = datetime.min.replace(tzinfo=UTC)
        latest = datetime.max.replace(tzinfo=UTC)
        return earliest if moment.year == MINYEAR else latest
