"""Whether the work is being done, and how far the shared limits are used.

Doors: `health` (also for `/readyz`), `limits`, `wording`.
"""
