"""Codat as it is: the client, what goes out and what comes back. Knows no models.

Doors: `client`, `payloads`, `webhooks`, `exceptions`.
"""
