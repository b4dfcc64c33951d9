"""Operators and their groups: their pages, and who came in, on the trail."""
