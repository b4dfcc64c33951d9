"""The borrower's own pages, opened from a link of theirs; they know services only.

Doors: `urls` (their addresses), `answers` (how each page answers), `logo`
(the lender's, as it is configured).
"""
