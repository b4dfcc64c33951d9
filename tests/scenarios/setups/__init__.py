"""Schedules of borrowers whose accounts are set up, in scripts of their own.

They have seeds from `FIRST` on, so that the story of no other schedule changes.
"""

FIRST = 1_000_001
