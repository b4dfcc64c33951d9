"""The lender's own app at Xero: registration, keys, toggles, scopes, its limit.

Doors: `facts` (what the product asks), `registration`, `keys`, `toggles`, `scopes`,
`cap`, `problems` (what needs a person), `exceptions`; `records` and `days` for who
records something about the app.
"""
