"""Connections, their accounts, switches and bank feeds over the API.

Beside the views: `answers`, `bodies` and `queries` (what a list can be narrowed by).
"""
