"""The bank feed of a lender account: its acts, and how it stands.

Doors: `services` (the acts), `status` (at Codat), `wording` (for people).
"""
