"""OWASP ASVS 5.0, levels 1 and 2, row by row: what it asks here and what holds it.

Each requirement is answered once: by tests, by why it has no surface here, or as open
with what is missing. The requirements' own words are OWASP's and not repeated.
`python -m tests.asvs` prints what is open.
"""
