"""Pages of the lender's book; `backoffice.admin` registers them.

Doors: `pages` (of companies, loans, events), `base` (what all pages of the back office
build on), `forms`, `search`.
"""
