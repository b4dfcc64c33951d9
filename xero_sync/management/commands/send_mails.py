"""Send the mails that customers are owed, without a cluster."""

from typing import Any

from lending.management.base import PlainCommand
from xero_sync.borrowers import link_requests, notices


class Command(PlainCommand):
    """`manage.py send_mails`: once; the worker does it every minute by itself."""

    help = "Send the mails that customers are owed, where no worker does it."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Send what is due."""
        link_requests.answer()
        sent, failed = notices.send_due()
        self.say(f"{sent} sent, {failed} could not be sent.")
