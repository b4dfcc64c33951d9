"""The job that delivers, and how to ask for it."""

from xero_sync.runtime import task_queue

DELIVER = "backoffice.webhooks.jobs.deliver"


def deliver_soon() -> None:
    """Ask for what is due to be delivered, once the transaction has committed."""
    task_queue.nudge(DELIVER)
