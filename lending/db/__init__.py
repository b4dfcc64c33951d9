"""What rests on the database beneath Django: prepared queries, bulk rows, triggers.

Doors: `prepared`, `bulk`, `append_only`; `lookups`, `ids`, `real_dates` and
`encryption` are what fields and queries are made with.
"""
