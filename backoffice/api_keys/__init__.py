"""Keys of the API's callers: made, listed, revoked.

Doors: `services`, `admin` (their pages), `wording`.
"""
