"""Outgoing webhooks: what happens here, told to other services by Standard Webhooks.

A message says that something has changed and where to GET the present state; it is
delivered at least once, in no promised order, and the same message always carries the
same `webhook-id`. A receiver verifies the signature, drops ids it knows, and reads the
resource.

    an entry changes its state ─► RecordChange     an append-only outbox, xero_sync
    minute job, or a nudge ─────► collecting.py    stores messages and deliveries
                                  delivering.py    claim, POST, result, next attempt

Everything is in our own tables: emptying the job queue loses nothing.
"""
