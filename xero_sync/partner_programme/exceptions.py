"""Why the partner programme's record does not take something."""

from xero_sync.codat.exceptions import Message, XeroSyncError


class ProgrammeRefused(XeroSyncError):
    """The partner programme's record does not take this as it stands."""

    def __init__(self, message: Message | None = None, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field
