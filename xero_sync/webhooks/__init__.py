"""Codat's messages: where they come in, and their registration at Codat.

Doors: `views` (stores a message and nudges; the engine reads it), `registration`.
"""
