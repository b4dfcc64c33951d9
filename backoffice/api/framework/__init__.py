"""What every view of the API is built from.

Doors: `base` (the view), `answers`, `fields` (of bodies), `queries`, `pagination`,
`visible`, `problems`, `idempotency`.
"""
