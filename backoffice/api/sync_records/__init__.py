"""Entries and the decisions about them over the API.

Beside the views: `answers`, `bodies` and `queries` (what a list can be narrowed by).
"""
