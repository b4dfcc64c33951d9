"""Keys of the API's callers: made, listed, revoked.

Doors: `services`, `admin` and `client_admin` (their pages), `wording`.
"""
