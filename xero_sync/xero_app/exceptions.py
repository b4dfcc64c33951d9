"""Why something about the lender's app was refused."""

from xero_sync.codat.exceptions import Message, XeroSyncError


class XeroAppRefused(XeroSyncError):
    """This cannot be stored for the Xero app."""

    def __init__(self, message: Message | None = None, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class KeysMissing(XeroAppRefused):
    """The keys of the Xero app are not complete."""


class BankFeedsNotAllowed(XeroAppRefused):
    """Bank feeds need partner status and Xero's approval."""


class SecretNotHere(XeroAppRefused):
    """The client secret is not kept here; generate a new one in Xero."""
