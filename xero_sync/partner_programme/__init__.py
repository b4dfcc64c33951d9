"""The lender's way to Xero's certification: acts, checkpoints and their evidence.

Doors: `acts` (what may be recorded), `report` (everything that is shown), `standing`
(what the acts conclude; `conclude` stores it with the Xero app).
"""
