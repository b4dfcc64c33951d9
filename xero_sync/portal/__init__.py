"""The borrower's own pages, opened from a link of theirs; they know services only.

Doors: `urls` (their addresses), `answers` (how each page answers), `errors` (also when
there are too many), `logo` (the lender's, as it is configured).
"""
