"""Seals over finished days, so that nobody alters what is stored without its showing.

Doors: `tables.register` names a table that is sealed, `sealing` seals what is due and
`checking` compares what is stored with its seals.
"""
