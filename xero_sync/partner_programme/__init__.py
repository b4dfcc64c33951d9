"""The lender's way to Xero's certification: acts, checkpoints and their evidence.

Doors: `acts` and `checkpoints` (what may be recorded), `exceptions` (why not), `report`
(everything that is shown), `fact`, `preparation`, `standing` (what the acts conclude).
"""
