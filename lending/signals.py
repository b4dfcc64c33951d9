"""What the rest of the product may hear from the lender's book."""

from django.dispatch import Signal

# Sent with `send`, inside the transaction that stores the event: a receiver that raises
# takes the event back. Arguments: sender=LoanEvent, event (loan and company loaded).
loan_event_recorded = Signal()
