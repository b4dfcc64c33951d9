"""A local stand-in for Codat with a Xero-like ledger behind it.

Nothing here knows the product: a stand-in that shares code with what it checks would
agree with its mistakes.
"""

from xero_sync.sandbox.sandbox import Sandbox
from xero_sync.sandbox.wire import LostReply, Reply

__all__ = ["LostReply", "Reply", "Sandbox"]
