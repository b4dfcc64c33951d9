"""The bank feed of a lender account: its acts, and how it stands.

Doors: `services` (the acts), `source_accounts` (at Codat), `status`, `wording` (for
people).
"""
