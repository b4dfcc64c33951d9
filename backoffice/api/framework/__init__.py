"""What every view of the API is built from.

Doors: `base` (the view), `fields`, `filters`, `pagination`, `problems`, `idempotency`.
"""
