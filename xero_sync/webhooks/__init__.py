"""Codat's messages: where they come in, and their registration at Codat.

Doors: `views`, `registration`.
"""
