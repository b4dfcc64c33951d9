"""The borrower's own pages, opened from a signed link; they know services only.

Doors: `urls` (their addresses), `views`, `entry` (for who starts in Xero).
"""
