"""The API described: OpenAPI made from its code, and the pages that show it.

Doors: `generator`, `outgoing` and `plain` (for drf-spectacular), `pages`, `examples`.
"""
