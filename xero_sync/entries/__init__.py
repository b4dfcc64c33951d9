"""An entry as people see it: its status, its words, what it waits for.

Doors: `status`, `waiting`, `settlement`, `wording`, `preview`, `redaction`,
`posted`, `spreadsheet`, `borrower_wording`.
"""
