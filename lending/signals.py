"""What the rest of the product may hear from the lender's book."""

from django.dispatch import Signal

# Sent with `send`, once inside the transaction that stores them, for events that are
# recorded together: a receiver that raises takes them back. Arguments:
# sender=LoanEvent, events (in the order of recording; loans and companies loaded).
loan_event_recorded = Signal()

# Sent with `send`, inside the transaction that changes it, when a company is to be
# reached elsewhere. Arguments: sender=Company, company, entry (of the trail; its
# `before` has the address that was).
contact_changed = Signal()
