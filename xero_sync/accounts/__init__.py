"""Which accounts of the borrower's books are used, and how they are prepared.

Doors: `choice` (what pages and the API ask for), `progress` (how far it is),
`driving` (for commands, which may wait), `mapping`, `options`, `lender_accounts`,
`plain_accounts` (the lender account while no bank feed can come).
"""
