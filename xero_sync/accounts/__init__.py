"""Which accounts of the borrower's books are used, and how they are prepared.

Doors: `choice` (what pages and the API ask for), `mapping`, `options`,
`lender_accounts`.
"""
