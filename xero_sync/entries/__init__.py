"""An entry as people see it: its status, its words, what it waits for.

Doors: `status`, `waiting`, `settlement`, `wording`, `preview`, `redaction`, `posted`,
`spreadsheet`, `borrower_wording`, `chosen` (a choice that is not saved), `forecast`
(what will stand by a choice) and `forecast_wording` (the same in the borrower's words).
"""
